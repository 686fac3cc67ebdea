resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:Most channels live 300 s and the others a day at most by default, so a restored table would hold little but expired channels, and keep IP addresses longer than promised.
  #checkov:skip=CKV_AWS_119:Encrypted with the key that DynamoDB owns; a key of our own would cost a monthly fee and KMS calls, for data that lives 300 s, or a day at most by default.

  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "channel_id"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "channel_id"
    type = "S"
  }

  # Without this cap, AWS limits an on-demand table to 40,000 units a second, and a flood could cost $2,160 a day for writes.
  # Keep this block even if there is no cap: -1 removes an existing cap, but without the block, the cap would stay.
  on_demand_throughput {
    max_read_request_units  = var.max_read_units
    max_write_request_units = var.max_write_units
  }

  # TTL deletes items hours or days late, so it only keeps the table small. The server itself refuses expired channels.
  ttl {
    attribute_name = "expire_time"
    enabled        = true
  }
}
