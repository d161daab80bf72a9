<?php
// Tries parlor.php: mint SECRET USER NAME, or verify SECRET ID TIMESTAMP SIGNATURES NOW
// with the body as input.
declare(strict_types=1);

require __DIR__ . '/parlor.php';

[, $what, $secret, $first, $second] = $argv;
if ($what === 'mint') {
    echo mint_token($secret, $first, $second, 3600), "\n";
} else {
    $body = stream_get_contents(STDIN);
    $fits = is_from_parlor($secret, $first, $second, $argv[5], $body, (int) $argv[6]);
    echo $fits ? 'true' : 'false', "\n";
}
