resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:Most channels live 300 s and the others a day, so a restored table would hold little but expired channels, and keep addresses longer than promised.
  #checkov:skip=CKV_AWS_119:Encrypted with the key that DynamoDB owns; a key of our own adds its rent and KMS calls for data that lives 300 s, or a day at most by default.

  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "channel_id"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "channel_id"
    type = "S"
  }

  # Without this cap a table on demand stops at 40,000 units a second, and a flood could spend $2,160 a day on writes.
  # The block stays when there is no cap: -1 removes one that was there, and leaving the block out changes nothing.
  on_demand_throughput {
    max_read_request_units  = var.max_read_units
    max_write_request_units = var.max_write_units
  }

  # TTL deletes late, by hours or days; it only keeps the table small. The server itself refuses expired channels.
  ttl {
    attribute_name = "expire_time"
    enabled        = true
  }
}
