mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  deletion_protection = false
  max_read_units      = 2000
  max_write_units     = 3000
  name                = "peerpost-channels"
  tags                = { application = "peerpost" }
}

run "channels_expire" {
  command = plan

  module {
    source = "./modules/channel_table"
  }

  assert {
    condition     = aws_dynamodb_table.this.ttl[0].attribute_name == "expire_time" && aws_dynamodb_table.this.ttl[0].enabled
    error_message = "DynamoDB must delete a channel after its expire_time."
  }
}

run "channels_are_found_by_their_id" {
  command = plan

  module {
    source = "./modules/channel_table"
  }

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "channel_id" && aws_dynamodb_table.this.range_key == null
    error_message = "The key must be channel_id alone."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.attribute).type == "S"
    error_message = "channel_id must be a string."
  }
}

run "an_idle_table_costs_nothing" {
  command = plan

  module {
    source = "./modules/channel_table"
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table must be billed per request."
  }
}

run "reads_and_writes_have_a_cap" {
  command = plan

  module {
    source = "./modules/channel_table"
  }

  assert {
    condition = (
      aws_dynamodb_table.this.on_demand_throughput[0].max_read_request_units == 2000
      && aws_dynamodb_table.this.on_demand_throughput[0].max_write_request_units == 3000
    )
    error_message = "Both caps must reach the table."
  }
}

run "a_cap_can_be_removed" {
  command = plan

  module {
    source = "./modules/channel_table"
  }

  variables {
    max_read_units  = -1
    max_write_units = -1
  }

  assert {
    condition     = aws_dynamodb_table.this.on_demand_throughput[0] == { max_read_request_units = -1, max_write_request_units = -1 }
    error_message = "DynamoDB removes a cap when it is set to -1, and keeps it when it is left out."
  }
}

run "deletion_protection_can_be_turned_on" {
  command = plan

  module {
    source = "./modules/channel_table"
  }

  variables {
    deletion_protection = true
  }

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "deletion_protection must reach the table."
  }
}
