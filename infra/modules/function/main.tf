locals {
  public = var.authorization_type == "NONE"

  # Where one is not set its feature is off, and the function's start loads nothing for it.
  optional = {
    ACCESS_KEYS_PARAMETER = var.access_keys_parameter
    STUN_URLS             = join(" ", var.stun_urls)
    TURN_SECRET_PARAMETER = var.turn_secret_parameter
    TURN_URLS             = join(" ", var.turn_urls)
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:Encrypted with CloudWatch's own key; the function logs no session description, no candidate and no address.
  #checkov:skip=CKV_AWS_338:Retention is a choice of the deployment; a year of logs is more than a signaling server's operator needs, and data to protect.

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:Every call is a synchronous URL request; a dead letter queue serves asynchronous ones only.
  #checkov:skip=CKV_AWS_117:The function talks to DynamoDB and SSM only; a VPC would add an endpoint to pay for and protect nothing.
  #checkov:skip=CKV_AWS_173:The environment holds names and no secret, whose place is SSM; Lambda encrypts it with its own key.
  #checkov:skip=CKV_AWS_272:The package is built and applied by whoever deploys; a signing profile guards against uploads that only the same person can make.

  function_name                  = var.name
  description                    = "WebRTC signaling over one HTTP POST"
  role                           = var.role_arn
  filename                       = var.package_path
  source_code_hash               = filebase64sha256(var.package_path)
  handler                        = "app.handler"
  runtime                        = "python3.13"
  architectures                  = ["arm64"]
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency

  # Each change of code or configuration makes a numbered version, so that a rollback is one change of the alias.
  publish = true

  environment {
    variables = merge(
      {
        MAX_WAIT_SECONDS = var.max_wait_seconds
        TABLE_NAME       = var.table_name
      },
      { for name, value in local.optional : name => value if value != null && value != "" },
    )
  }

  # Both levels are set, because AWS fills in what is left out and the next plan would want to remove it.
  # WARN leaves out Lambda's own two lines for each request, which would cost more than the request does; the metrics hold the same numbers.
  logging_config {
    application_log_level = "INFO"
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    system_log_level      = "WARN"
  }

  dynamic "snap_start" {
    for_each = var.snap_start ? [true] : []

    content {
      apply_on = "PublishedVersions"
    }
  }

  # A trace begins only where the caller began one; the role needs no X-Ray permission for that.
  tracing_config {
    mode = "PassThrough"
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that the URL serves"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

# Since October 2025 a public URL needs two permissions: lambda:InvokeFunctionUrl (this one) and lambda:InvokeFunction (the stack below).
# Provider 5.100 adds a statement of this very name by itself when it makes a public URL, outside the state, and shrugs when it is there already.
# Declared here, and made before the URL, it belongs to the state with 5.100 and 6.x alike; made after the URL, AWS would refuse it as a duplicate.
resource "aws_lambda_permission" "url" {
  #checkov:skip=CKV_AWS_301:Anyone may call a public signaling URL; a condition limits the grant to calls through the URL.
  count = local.public ? 1 : 0

  statement_id           = "FunctionURLAllowPublicAccess"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.this.function_name
  qualifier              = aws_lambda_alias.live.name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# The second permission must hold for calls through the URL only: without that condition every AWS account could invoke the function directly.
# The condition's argument, invoked_via_function_url, exists in aws_lambda_permission from provider 6.28 and not in 5.100.
# CloudFormation knows it whatever the provider's version, so that one permission lives in a stack of its own.
resource "aws_cloudformation_stack" "url" {
  #checkov:skip=CKV_AWS_124:The stack holds one permission and changes only when Terraform changes it, which reports the outcome itself.
  count = local.public ? 1 : 0

  name = "${var.name}-url"

  template_body = jsonencode({
    Description = "Lets everyone invoke the function, through its URL only"
    Resources = {
      Permission = {
        Type = "AWS::Lambda::Permission"
        Properties = {
          Action                = "lambda:InvokeFunction"
          FunctionName          = aws_lambda_alias.live.arn
          InvokedViaFunctionUrl = true
          Principal             = "*"
        }
      }
    }
  })
}

resource "aws_lambda_function_url" "this" {
  #checkov:skip=CKV_AWS_258:Peers that have no AWS account must reach a signaling server; AWS_IAM is the other choice of authorization_type.

  function_name      = aws_lambda_function.this.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = var.authorization_type

  # Lambda answers preflights from this by itself, without invoking the function.
  cors {
    # An access key is sent in the former; where there are none, a page that sends one is served all the same.
    allow_headers = ["authorization", "content-type"]
    allow_methods = ["POST"]
    allow_origins = var.allowed_origins
    # Without this a page cannot read when to come back.
    expose_headers = ["retry-after"]
    # As long as Chromium remembers a preflight; Lambda's own default of 0 costs one for each call.
    max_age = 7200
  }

  depends_on = [aws_lambda_permission.url]
}
