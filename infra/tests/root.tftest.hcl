mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package_path = "main.tf" # any file will do where nothing is deployed
}

run "the_defaults_deploy_a_capped_public_url" {
  assert {
    condition     = output.reserved_concurrency == 20
    error_message = "The default must bound what a flood costs."
  }

  assert {
    condition     = strcontains(output.curl, output.url) && strcontains(output.curl, "create_data_channel")
    error_message = "The curl must create a channel at the URL."
  }
}

run "a_new_account_reserves_nothing" {
  override_data {
    target = data.aws_servicequotas_service_quota.concurrency
    values = { value = 10 }
  }

  assert {
    condition     = output.reserved_concurrency == -1
    error_message = "AWS refuses a reservation that leaves the account less than 100."
  }
}

run "the_last_hundred_stay_unreserved" {
  override_data {
    target = data.aws_servicequotas_service_quota.concurrency
    values = { value = 120 }
  }

  assert {
    condition     = output.reserved_concurrency == 20
    error_message = "What fits beside the hundred must be reserved."
  }
}

run "an_origin_has_no_path" {
  command = plan

  variables {
    allowed_origins = ["https://call.example.org/page"]
  }

  expect_failures = [var.allowed_origins]
}

run "authorization_is_one_of_two" {
  command = plan

  variables {
    authorization_type = "JWT"
  }

  expect_failures = [var.authorization_type]
}

run "a_budget_needs_an_address" {
  command = plan

  variables {
    monthly_budget_usd = 10
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_name_fits_every_resource" {
  command = plan

  variables {
    name = "Peer_Post"
  }

  expect_failures = [var.name]
}

run "nobody_turns_the_service_off_by_accident" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "a_wait_leaves_time_for_dynamodb" {
  command = plan

  variables {
    max_wait_seconds = 10
  }

  expect_failures = [var.timeout_seconds]
}
