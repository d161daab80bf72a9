<?php
declare(strict_types=1);

/** The token with which a user signs in; the secret is JWT_SECRET. */
function mint_token(string $secret, string $user, string $name, int $seconds): string
{
    $part = fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    $claims = ['sub' => $user, 'name' => $name, 'iat' => time(), 'exp' => time() + $seconds];
    $signed = $part('{"alg":"HS256","typ":"JWT"}') . '.' . $part(json_encode($claims, JSON_THROW_ON_ERROR));
    return $signed . '.' . $part(hash_hmac('sha256', $signed, $secret, true));
}

/**
 * Verifies a webhook or a question: its body as it came (`php://input`), and the headers
 * webhook-id, webhook-timestamp and webhook-signature. The secret is
 * PARLOR_WEBHOOK_SECRET or PARLOR_CALLBACK_SECRET.
 */
function is_from_parlor(
    string $secret,
    string $id,
    string $timestamp,
    string $signatures,
    string $body,
    int $now
): bool {
    if (preg_match('/\A[0-9]{1,12}\z/', $timestamp) !== 1 || abs($now - (int) $timestamp) > 300) {
        return false; // Too old, or a clock is wrong.
    }
    $key = str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6), true) : $secret;
    if ($key === false) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    $fits = array_filter(explode(' ', $signatures), fn (string $one): bool => hash_equals($expected, $one));
    return $fits !== [];
}
