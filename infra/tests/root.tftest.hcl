mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package_path = "main.tf" # any file will do while nothing is deployed
}

run "the_root_deploys_the_module_with_its_defaults" {
  assert {
    condition     = output.reserved_concurrency == 20
    error_message = "The default must bound what a flood costs."
  }

  assert {
    condition     = strcontains(output.curl, output.url) && strcontains(output.curl, "create_data_channel")
    error_message = "The curl command must create a channel at the URL."
  }
}

run "the_root_passes_variables_on" {
  variables {
    reserved_concurrency = 30
  }

  assert {
    condition     = output.reserved_concurrency == 30
    error_message = "What the root is given must reach the module."
  }
}
