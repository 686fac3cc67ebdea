mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  alarm_email        = null
  alarm_topic_arns   = []
  function_name      = "peerpost"
  log_group_name     = "/aws/lambda/peerpost"
  memory_mb          = 256
  monthly_budget_usd = null
  name               = "peerpost"
  name_in_account    = "peerpost-eu-central-1"
  slow_dynamodb_ms   = 1000
  slow_request_ms    = 6000
  table_name         = "peerpost-channels"
  tags               = { application = "peerpost" }
}

run "without_an_email_address_alarms_notify_nobody" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(aws_sns_topic.this) == 0 && length(aws_cloudwatch_metric_alarm.url_5xx.alarm_actions) == 0
    error_message = "Without an e-mail address, there must be no topic and no alarm action."
  }
}

run "every_alarm_reaches_the_email_address" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    alarm_email = "ops@example.org"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ops@example.org"
    error_message = "The address must be subscribed."
  }

  assert {
    condition = alltrue([
      for alarm in [
        aws_cloudwatch_metric_alarm.slow,
        aws_cloudwatch_metric_alarm.slow_dynamodb,
        aws_cloudwatch_metric_alarm.table_throttles,
        aws_cloudwatch_metric_alarm.throttles,
        aws_cloudwatch_metric_alarm.url_5xx,
      ] : alarm.alarm_actions == toset([aws_sns_topic.this[0].arn])
    ])
    error_message = "Every alarm must notify the e-mail address."
  }
}

run "every_alarm_reaches_the_operators_own_topics" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    alarm_topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
  }

  assert {
    condition = alltrue([
      for alarm in [
        aws_cloudwatch_metric_alarm.slow,
        aws_cloudwatch_metric_alarm.slow_dynamodb,
        aws_cloudwatch_metric_alarm.table_throttles,
        aws_cloudwatch_metric_alarm.throttles,
        aws_cloudwatch_metric_alarm.url_5xx,
      ] : alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:on-call"]) && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "Every alarm must notify the operator's topics when it starts and when it ends."
  }
}

run "names_that_must_be_unique_in_the_account_contain_the_region" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    alarm_email        = "ops@example.org"
    monthly_budget_usd = 10
  }

  assert {
    condition = (
      aws_cloudwatch_dashboard.this.dashboard_name == "peerpost-eu-central-1"
      && aws_budgets_budget.this[0].name == "peerpost-eu-central-1-monthly"
    )
    error_message = "Dashboards and budgets belong to the account, so two regions need two names."
  }
}

run "missing_data_starts_no_alarm" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition = alltrue([
      for alarm in [
        aws_cloudwatch_metric_alarm.slow,
        aws_cloudwatch_metric_alarm.slow_dynamodb,
        aws_cloudwatch_metric_alarm.table_throttles,
        aws_cloudwatch_metric_alarm.throttles,
        aws_cloudwatch_metric_alarm.url_5xx,
      ] : alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "No requests means no data, which is not a fault."
  }
}

run "the_metrics_come_from_the_request_log" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition = alltrue([
      for name, filter in aws_cloudwatch_log_metric_filter.request :
      filter.log_group_name == "/aws/lambda/peerpost" && filter.metric_transformation[0].namespace == "peerpost"
    ])
    error_message = "Every metric must come from the function's own log, under the deployment's own name."
  }

  assert {
    condition = alltrue([
      for name in keys(aws_cloudwatch_log_metric_filter.request) :
      strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "\"peerpost\",\"${name}\"")
    ])
    error_message = "The dashboard must show every metric, because each one costs money."
  }

  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.quiet_polls.log_group_name == "/aws/lambda/peerpost" &&
      aws_cloudwatch_log_metric_filter.quiet_polls.metric_transformation[0].namespace == "peerpost" &&
      aws_cloudwatch_log_metric_filter.quiet_polls.metric_transformation[0].name == "NotYet" &&
      aws_cloudwatch_log_metric_filter.quiet_polls.metric_transformation[0].value == "$.quiet_polls"
    )
    error_message = "Polls without a log line of their own must be counted in the same metric as polls that have a log line."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.slow_dynamodb.metric_name == "DynamoDBTime" && aws_cloudwatch_metric_alarm.slow_dynamodb.namespace == "peerpost"
    error_message = "The alarm must watch the log's metric."
  }

  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.request : length(filter.metric_transformation[0].dimensions == null ? {} : filter.metric_transformation[0].dimensions) == 0])
    error_message = "The metrics must have no dimensions, because each value of a dimension is billed as a metric of its own."
  }
}

run "no_budget_unless_asked_for" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(aws_budgets_budget.this) == 0
    error_message = "A budget must be the operator's choice."
  }
}

run "a_budget_warns_before_it_is_spent" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    alarm_email        = "ops@example.org"
    monthly_budget_usd = 10
  }

  assert {
    condition     = aws_budgets_budget.this[0].limit_amount == "10"
    error_message = "The limit must reach the budget."
  }

  assert {
    condition     = min([for notification in aws_budgets_budget.this[0].notification : notification.threshold]...) < 100
    error_message = "A warning must come before the money is gone."
  }
}
