resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:A channel lives 300 s, so a restored table would hold nothing but expired channels, and keep addresses longer than promised.
  #checkov:skip=CKV_AWS_119:Encrypted with the key that DynamoDB owns; a key of our own adds its rent and KMS calls for data that lives 300 s.

  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "channel_id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "channel_id"
    type = "S"
  }

  # TTL deletes late, by hours or days; it keeps the table small, and the gateway's conditions keep expired channels unreadable.
  ttl {
    attribute_name = "expire_time"
    enabled        = true
  }
}
