mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package_path = "main.tf" # any file will do while nothing is deployed
}

run "the_defaults_deploy_a_capped_public_url" {
  module {
    source = "./modules/peerpost"
  }

  assert {
    condition     = output.reserved_concurrency == 20
    error_message = "The default must bound what a flood costs."
  }

  assert {
    condition     = strcontains(output.curl, output.url) && strcontains(output.curl, "create_data_channel")
    error_message = "The curl command must create a channel at the URL."
  }
}

run "a_new_account_reserves_nothing" {
  module {
    source = "./modules/peerpost"
  }

  override_data {
    target = data.aws_servicequotas_service_quota.concurrency
    values = { value = 10 }
  }

  # The plan also warns that nothing was reserved.
  expect_failures = [check.the_reservation_fits]

  assert {
    condition     = output.reserved_concurrency == -1
    error_message = "AWS refuses a reservation that leaves fewer than 100 instances unreserved."
  }
}

run "reservations_of_other_functions_are_counted" {
  module {
    source = "./modules/peerpost"
  }

  variables {
    reserved_by_other_functions = 881
  }

  expect_failures = [check.the_reservation_fits]

  assert {
    condition     = output.reserved_concurrency == -1
    error_message = "881 instances for other functions, 20 for this one and the 100 that stay unreserved are more than 1,000."
  }
}

run "a_reservation_that_just_fits_beside_those_of_other_functions_is_made" {
  module {
    source = "./modules/peerpost"
  }

  variables {
    reserved_by_other_functions = 880
  }

  assert {
    condition     = output.reserved_concurrency == 20
    error_message = "880 instances for other functions, 20 for this one and the 100 that stay unreserved are exactly 1,000."
  }
}

run "minus_one_reserves_nothing_and_causes_no_warning" {
  module {
    source = "./modules/peerpost"
  }

  variables {
    reserved_concurrency = -1
  }

  override_data {
    target = data.aws_servicequotas_service_quota.concurrency
    values = { value = 10 }
  }

  assert {
    condition     = output.reserved_concurrency == -1
    error_message = "-1 must reserve nothing."
  }
}

run "a_reservation_may_leave_exactly_100_instances_unreserved" {
  module {
    source = "./modules/peerpost"
  }

  override_data {
    target = data.aws_servicequotas_service_quota.concurrency
    values = { value = 120 }
  }

  assert {
    condition     = output.reserved_concurrency == 20
    error_message = "With a limit of 120, 20 instances fit beside the 100 that stay unreserved, so they must be reserved."
  }
}

run "every_origin_that_a_browser_can_send_may_be_allowed" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = [
      "https://call.example.org", "http://localhost", "http://localhost:5173", "https://example.org:8443", "http://192.0.2.1:8080",
      "http://[2001:db8::1]:8080", "https://xn--bcher-kva.example", "capacitor://localhost", "ionic://localhost",
      "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "https://example.org:80", "http://example.org:443", "null",
    ]
  }
}

run "an_origin_with_a_wildcard_is_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["https://*.example.org"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_is_in_lower_case" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["https://Call.Example.org"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_leaves_out_the_usual_port_of_https" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["https://call.example.org:443"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_leaves_out_the_usual_port_of_http" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["http://call.example.org:80"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_has_a_scheme" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["call.example.org"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_has_a_host" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["file://"]
  }

  expect_failures = [var.allowed_origins]
}

run "an_origin_has_no_path" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    allowed_origins = ["https://call.example.org/page"]
  }

  expect_failures = [var.allowed_origins]
}

run "the_authorization_type_is_none_or_aws_iam" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    authorization_type = "JWT"
  }

  expect_failures = [var.authorization_type]
}

run "a_budget_needs_an_email_address" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    monthly_budget_usd = 10
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_name_with_capitals_and_underscores_is_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    name = "Peer_Post"
  }

  expect_failures = [var.name]
}

run "nobody_turns_the_service_off_by_accident" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "a_wait_leaves_time_for_dynamodb" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    max_wait_seconds = 10
  }

  expect_failures = [var.timeout_seconds]
}

run "max_ttl_seconds_may_be_300" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    max_ttl_seconds = 300
  }
}

run "max_ttl_seconds_may_not_be_less_than_300" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    max_ttl_seconds = 299
  }

  expect_failures = [var.max_ttl_seconds]
}

run "max_ttl_seconds_is_a_whole_number" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    max_ttl_seconds = 3600.5
  }

  expect_failures = [var.max_ttl_seconds]
}

run "access_keys_and_turn_servers_can_be_combined" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    access_keys_parameter = "/peerpost/access-keys"
    stun_urls             = ["stun:turn.example.org", "stuns:turn.example.org"]
    turn_secret_parameter = "turn-secret" # pragma: allowlist secret
    turn_urls             = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"]
  }
}

run "access_keys_and_signatures_exclude_each_other" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    access_keys_parameter = "/peerpost/access-keys"
    authorization_type    = "AWS_IAM"
  }

  expect_failures = [var.access_keys_parameter]
}

run "a_parameter_name_that_is_a_wildcard_or_an_arn_is_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    access_keys_parameter = "/peerpost/*"
    turn_secret_parameter = "arn:aws:ssm:eu-central-1:123456789012:parameter/turn-secret" # pragma: allowlist secret
    turn_urls             = ["turn:turn.example.org"]
  }

  expect_failures = [var.access_keys_parameter, var.turn_secret_parameter]
}

run "turn_servers_need_a_secret" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    turn_urls = ["turn:turn.example.org"]
  }

  expect_failures = [var.turn_secret_parameter]
}

run "a_turn_secret_needs_servers" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    turn_secret_parameter = "/peerpost/turn-secret"
  }

  expect_failures = [var.turn_secret_parameter]
}

run "a_stun_or_turn_url_with_the_wrong_scheme_is_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    stun_urls             = ["turn:turn.example.org"]
    turn_secret_parameter = "/peerpost/turn-secret"
    turn_urls             = ["turn:turn.example.org", "https://turn.example.org"]
  }

  expect_failures = [var.stun_urls, var.turn_urls]
}

run "two_urls_in_one_string_are_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    stun_urls = ["stun:one.example.org,stun:two.example.org"]
  }

  expect_failures = [var.stun_urls]
}

run "topics_environment_boundary_and_tags_can_be_set" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    alarm_topic_arns     = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    environment          = { AWS_CA_BUNDLE = "/opt/roots.pem" }
    permissions_boundary = "arn:aws:iam::123456789012:policy/teams/boundary"
    tags                 = { team = "video" }
  }
}

run "the_dynamodb_caps_can_be_removed" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    max_read_units  = -1
    max_write_units = -1
  }
}

run "outputs_contain_the_arns_that_policies_need" {
  module {
    source = "./modules/peerpost"
  }

  assert {
    condition = alltrue([
      for arn in [output.alias_arn, output.function_arn, output.table_arn] : startswith(arn, "arn:aws:")
    ])
    error_message = "The outputs for the alias, the function and the table must be ARNs."
  }
}

run "empty_and_zero_values_that_cannot_work_are_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    alarm_email     = ""
    slow_request_ms = 0
  }

  expect_failures = [var.alarm_email, var.slow_request_ms]
}

run "a_budget_is_not_zero" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    alarm_email        = "ops@example.org"
    monthly_budget_usd = 0
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_budget_is_not_negative" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    alarm_email        = "ops@example.org"
    monthly_budget_usd = -1
  }

  expect_failures = [var.monthly_budget_usd]
}

run "malformed_values_are_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    alarm_email          = "operator"
    alarm_topic_arns     = ["on-call"]
    environment          = { "AWS-CA-BUNDLE" = "/opt/roots.pem" }
    max_read_units       = 1000.5
    permissions_boundary = "boundary"
  }

  expect_failures = [var.alarm_email, var.alarm_topic_arns, var.environment, var.max_read_units, var.permissions_boundary]
}

run "a_list_of_email_addresses_and_a_negative_reservation_are_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    alarm_email                 = "one@example.org, two@example.org"
    reserved_by_other_functions = -1
  }

  expect_failures = [var.alarm_email, var.reserved_by_other_functions]
}

run "names_that_aws_keeps_for_itself_are_refused" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    access_keys_parameter = "/aws/access-keys"
    environment           = { AWS_REGION = "eu-central-1" }
    tags                  = { "aws:cloudformation:stack-name" = "mine" }
    turn_secret_parameter = "ssm-turn-secret" # pragma: allowlist secret
    turn_urls             = ["turn:turn.example.org"]
  }

  expect_failures = [var.access_keys_parameter, var.environment, var.tags, var.turn_secret_parameter]
}

run "names_that_aws_keeps_for_itself_are_refused_in_capitals_too" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    access_keys_parameter = "SSM-access-keys"
    tags                  = { "AWS:name" = "mine" }
    turn_secret_parameter = "/Aws/turn-secret" # pragma: allowlist secret
    turn_urls             = ["turn:turn.example.org"]
  }

  expect_failures = [var.access_keys_parameter, var.tags, var.turn_secret_parameter]
}

run "a_cap_lets_one_full_channel_be_read_and_written" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    max_read_units  = 99
    max_write_units = 399
  }

  expect_failures = [var.max_read_units, var.max_write_units]
}

run "the_environment_cannot_replace_the_modules_own_variables" {
  command = plan

  module {
    source = "./modules/peerpost"
  }

  variables {
    environment = { TABLE_NAME = "another" }
  }

  expect_failures = [var.environment]
}
