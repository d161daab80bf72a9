# Tries parlor.rb: mint SECRET USER NAME, or verify SECRET ID TIMESTAMP SIGNATURES NOW
# with the body as input.
require_relative "parlor"

what, secret, *others = ARGV
if what == "mint"
  puts mint_token(secret, *others, 3600)
else
  id, timestamp, signatures, now = others
  puts from_parlor?(secret, id, timestamp, signatures, $stdin.binmode.read, now.to_i)
end
