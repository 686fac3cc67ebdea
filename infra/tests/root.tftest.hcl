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

run "keys_and_turn_need_nothing_else" {
  command = plan

  variables {
    access_keys_parameter = "/peerpost/access-keys"
    stun_urls             = ["stun:turn.example.org", "stuns:turn.example.org"]
    turn_secret_parameter = "turn-secret" # pragma: allowlist secret
    turn_urls             = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"]
  }
}

run "access_keys_and_signatures_exclude_each_other" {
  command = plan

  variables {
    access_keys_parameter = "/peerpost/access-keys"
    authorization_type    = "AWS_IAM"
  }

  expect_failures = [var.access_keys_parameter]
}

run "a_parameter_is_one_and_not_a_pattern" {
  command = plan

  variables {
    access_keys_parameter = "/peerpost/*"
    turn_secret_parameter = "arn:aws:ssm:eu-central-1:123456789012:parameter/turn-secret" # pragma: allowlist secret
    turn_urls             = ["turn:turn.example.org"]
  }

  expect_failures = [var.access_keys_parameter, var.turn_secret_parameter]
}

run "turn_servers_need_a_secret" {
  command = plan

  variables {
    turn_urls = ["turn:turn.example.org"]
  }

  expect_failures = [var.turn_secret_parameter]
}

run "a_turn_secret_needs_servers" {
  command = plan

  variables {
    turn_secret_parameter = "/peerpost/turn-secret"
  }

  expect_failures = [var.turn_secret_parameter]
}

run "a_url_says_what_it_is" {
  command = plan

  variables {
    stun_urls             = ["turn:turn.example.org"]
    turn_secret_parameter = "/peerpost/turn-secret"
    turn_urls             = ["turn:turn.example.org", "https://turn.example.org"]
  }

  expect_failures = [var.stun_urls, var.turn_urls]
}

run "urls_stay_apart" {
  command = plan

  variables {
    stun_urls = ["stun:one.example.org,stun:two.example.org"]
  }

  expect_failures = [var.stun_urls]
}
