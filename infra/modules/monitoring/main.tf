data "aws_region" "this" {}

locals {
  region        = data.aws_region.this.id
  alarm_actions = concat(aws_sns_topic.this[*].arn, var.alarm_topic_arns)

  # US dollars in us-east-1 in September 2026. Other regions have other prices.
  usd_per_request    = 0.20 / 1000000
  usd_per_gb_second  = 0.0000133334
  usd_per_write_unit = 0.625 / 1000000
  usd_per_read_unit  = 0.125 / 1000000

  gb_per_instance = var.memory_mb / 1024

  # These metrics come from the log's lines about requests. The filters are free: only the metrics cost something.
  # Metrics embedded in the lines would cost the same, and would double the size of the log.
  # The metrics have no dimension, because each value of a dimension would be billed as a metric of its own.
  # DynamoDBTime and RequestDuration leave out polls that find nothing. Every slow poll of this kind has a line in the log,
  # but few quick ones do, so these lines would make the server look slow.
  not_yet = "($.outcome = \"no offer yet\" || $.outcome = \"no answer yet\")"
  found   = "$.outcome != \"no offer yet\" && $.outcome != \"no answer yet\""

  request_metrics = {
    Answers         = { pattern = "{ $.method = \"create_answer\" && $.status = 200 }", value = "1", unit = "Count" }
    ChannelsOpened  = { pattern = "{ $.method = \"create_data_channel\" && $.status = 200 }", value = "1", unit = "Count" }
    DynamoDBTime    = { pattern = "{ $.dynamodb_calls = 1 && ${local.found} }", value = "$.dynamodb_ms", unit = "Milliseconds" }
    NotYet          = { pattern = "{ ${local.not_yet} }", value = "1", unit = "Count" }
    Refusals        = { pattern = "{ $.status >= 400 && $.status < 500 && ${local.found} }", value = "1", unit = "Count" }
    RequestDuration = { pattern = "{ $.dynamodb_calls <= 1 && ${local.found} }", value = "$.duration_ms", unit = "Milliseconds" }
  }
}

resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot publish to a topic that is encrypted with the AWS managed key, and the text of an alarm is not secret enough to pay for our own key.
  count = var.alarm_email == null ? 0 : 1

  name = "${var.name}-alarms"
  tags = var.tags
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.this[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# A single failure can be bad luck, but five failures in five minutes point to a fault of the server.
resource "aws_cloudwatch_metric_alarm" "url_5xx" {
  alarm_name          = "${var.name}-url-5xx"
  alarm_description   = "Five requests or more failed with a 5xx in five minutes: because of a bug, or because DynamoDB was throttled, slow or unreachable. See docs/operations.md."
  namespace           = "AWS/Lambda"
  metric_name         = "Url5xxCount"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

# Clients get a 429 and may try again. Ten in five minutes is more than a short burst.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name          = "${var.name}-throttles"
  alarm_description   = "Lambda refused ten requests or more in five minutes, because the reserved concurrency or the account's limit was reached. See docs/operations.md."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

# Three periods in a row, so that one cold start on a quiet night wakes nobody.
resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "${var.name}-slow"
  alarm_description   = "For fifteen minutes, one request in a hundred took longer than ${var.slow_request_ms} ms. See docs/operations.md."
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = var.function_name }
  extended_statistic  = "p99"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.slow_request_ms
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

# The function retries throttled calls, so a few of them do no harm.
resource "aws_cloudwatch_metric_alarm" "table_throttles" {
  alarm_name          = "${var.name}-table-throttles"
  alarm_description   = "DynamoDB refused ten calls or more in five minutes. See docs/operations.md."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags

  metric_query {
    id          = "throttles"
    label       = "Refused reads and writes"
    expression  = "FILL(reads, 0) + FILL(writes, 0)"
    return_data = true
  }

  metric_query {
    id = "reads"

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions  = { TableName = var.table_name }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id = "writes"

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions  = { TableName = var.table_name }
      stat        = "Sum"
      period      = 300
    }
  }
}

# If replies are held, the duration of a request says little. This metric holds the duration of single DynamoDB calls, which does not depend on waiting.
resource "aws_cloudwatch_metric_alarm" "slow_dynamodb" {
  alarm_name          = "${var.name}-slow-dynamodb"
  alarm_description   = "For fifteen minutes, one DynamoDB call in a hundred took longer than ${var.slow_dynamodb_ms} ms. See docs/operations.md."
  namespace           = var.name
  metric_name         = aws_cloudwatch_log_metric_filter.request["DynamoDBTime"].metric_transformation[0].name
  extended_statistic  = "p99"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.slow_dynamodb_ms
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_log_metric_filter" "request" {
  for_each = local.request_metrics

  name           = each.key
  log_group_name = var.log_group_name
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = var.name
    value     = each.value.value
    unit      = each.value.unit
  }
}

# Most polls that find nothing have no line in the log. The next line of the same instance says how many there were.
resource "aws_cloudwatch_log_metric_filter" "quiet_polls" {
  name           = "QuietPolls"
  log_group_name = var.log_group_name
  pattern        = "{ $.quiet_polls > 0 }"

  # Both filters add to one metric.
  metric_transformation {
    name      = aws_cloudwatch_log_metric_filter.request["NotYet"].metric_transformation[0].name
    namespace = var.name
    value     = "$.quiet_polls"
    unit      = "Count"
  }
}

# The left column shows whether the service is healthy. The right column shows how much it is used and what it costs.
resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name_in_account

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "alarm", x = 0, y = 0, width = 24, height = 2
        properties = {
          title = "Alarms"
          alarms = [
            aws_cloudwatch_metric_alarm.url_5xx.arn,
            aws_cloudwatch_metric_alarm.throttles.arn,
            aws_cloudwatch_metric_alarm.slow.arn,
            aws_cloudwatch_metric_alarm.slow_dynamodb.arn,
            aws_cloudwatch_metric_alarm.table_throttles.arn,
          ]
        }
      },
      {
        type = "metric", x = 0, y = 2, width = 12, height = 6
        properties = {
          title = "Failed requests", region = local.region, stat = "Sum", period = 300
          metrics = [
            ["AWS/Lambda", "Url5xxCount", "FunctionName", var.function_name, { label = "5xx: server errors" }],
            ["AWS/Lambda", "Url4xxCount", "FunctionName", var.function_name, { label = "4xx: client errors, including 429" }],
            ["AWS/Lambda", "Throttles", "FunctionName", var.function_name, { label = "429: throttled" }],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 2, width = 12, height = 6
        properties = {
          title = "Requests", region = local.region, stat = "Sum", period = 300
          metrics = [
            ["AWS/Lambda", "UrlRequestCount", "FunctionName", var.function_name, { label = "requests" }],
            ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", var.function_name, { label = "running at once", stat = "Maximum", yAxis = "right" }],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 8, width = 12, height = 6
        properties = {
          title = "Milliseconds in the function", region = local.region, period = 300
          metrics = [
            ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { label = "p50", stat = "p50" }],
            ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { label = "p99", stat = "p99" }],
          ]
          annotations = { horizontal = [{ label = "alarm", value = var.slow_request_ms }] }
        }
      },
      {
        type = "metric", x = 12, y = 8, width = 12, height = 6
        properties = {
          title = "Cost of each hour in US dollars, estimated", region = local.region, stat = "Sum", period = 3600, stacked = true
          metrics = [
            [{ id = "lambda", label = "Lambda", expression = "FILL(invocations, 0) * ${local.usd_per_request} + FILL(milliseconds, 0) / 1000 * ${local.gb_per_instance} * ${local.usd_per_gb_second}" }],
            [{ id = "dynamodb", label = "DynamoDB", expression = "FILL(written, 0) * ${local.usd_per_write_unit} + FILL(read, 0) * ${local.usd_per_read_unit}" }],
            ["AWS/Lambda", "Invocations", "FunctionName", var.function_name, { id = "invocations", visible = false }],
            ["AWS/Lambda", "Duration", "FunctionName", var.function_name, { id = "milliseconds", visible = false }],
            ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", var.table_name, { id = "written", visible = false }],
            ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", var.table_name, { id = "read", visible = false }],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 14, width = 12, height = 6
        properties = {
          title = "DynamoDB: calls refused", region = local.region, stat = "Sum", period = 300
          metrics = [
            ["AWS/DynamoDB", "ReadThrottleEvents", "TableName", var.table_name, { label = "reads" }],
            ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", var.table_name, { label = "writes" }],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 14, width = 12, height = 6
        properties = {
          title = "DynamoDB: units, and channels removed", region = local.region, stat = "Sum", period = 300
          metrics = [
            ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", var.table_name, { label = "write units" }],
            ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", var.table_name, { label = "read units" }],
            ["AWS/DynamoDB", "TimeToLiveDeletedItemCount", "TableName", var.table_name, { label = "channels removed by TTL", yAxis = "right" }],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 20, width = 12, height = 6
        properties = {
          title = "Milliseconds for a request and its DynamoDB call (no held replies, no polls that find nothing)", region = local.region, period = 300
          metrics = [
            [var.name, "RequestDuration", { label = "request, p50", stat = "p50" }],
            [var.name, "RequestDuration", { label = "request, p99", stat = "p99" }],
            [var.name, "DynamoDBTime", { label = "DynamoDB, p50", stat = "p50" }],
            [var.name, "DynamoDBTime", { label = "DynamoDB, p99", stat = "p99" }],
          ]
          annotations = { horizontal = [{ label = "alarm", value = var.slow_dynamodb_ms }] }
        }
      },
      {
        type = "metric", x = 12, y = 20, width = 12, height = 6
        properties = {
          title = "Connections", region = local.region, stat = "Sum", period = 300
          metrics = [
            [var.name, "ChannelsOpened", { label = "channels opened" }],
            [var.name, "Answers", { label = "answered" }],
            [var.name, "Refusals", { label = "refusals", yAxis = "right" }],
            [var.name, "NotYet", { label = "\"not yet\" replies", yAxis = "right" }],
          ]
        }
      },
    ]
  })
}

# The budget counts the cost of the whole account. A filter by tag would count nothing until somebody activates the tag for billing by hand.
resource "aws_budgets_budget" "this" {
  count = var.monthly_budget_usd == null ? 0 : 1

  name         = "${var.name_in_account}-monthly"
  budget_type  = "COST"
  limit_amount = var.monthly_budget_usd
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  tags         = var.tags

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = [var.alarm_email]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = [var.alarm_email]
  }
}
