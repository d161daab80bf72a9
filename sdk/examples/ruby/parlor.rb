require "base64"
require "json"
require "openssl"

# The token with which a user signs in; the secret is JWT_SECRET.
def mint_token(secret, user, name, seconds)
  part = ->(bytes) { Base64.urlsafe_encode64(bytes, padding: false) }
  now = Time.now.to_i
  claims = { sub: user, name: name, iat: now, exp: now + seconds }
  signed = "#{part.('{"alg":"HS256","typ":"JWT"}')}.#{part.(JSON.generate(claims))}"
  "#{signed}.#{part.(OpenSSL::HMAC.digest('SHA256', secret, signed))}"
end

# Verifies a webhook or a question: its body as it came, and the headers webhook-id,
# webhook-timestamp and webhook-signature. The secret is PARLOR_WEBHOOK_SECRET or
# PARLOR_CALLBACK_SECRET.
def from_parlor?(secret, id, timestamp, signatures, body, now)
  # Too old, or a clock is wrong.
  return false unless timestamp.match?(/\A[0-9]{1,12}\z/) && (now - timestamp.to_i).abs <= 300

  key = secret.start_with?("whsec_") ? Base64.strict_decode64(secret.delete_prefix("whsec_")) : secret
  digest = OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.".b + body.b)
  expected = "v1,#{Base64.strict_encode64(digest)}"
  signatures.split(" ").any? { |signature| OpenSSL.secure_compare(signature, expected) }
end
