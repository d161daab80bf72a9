import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

final class Parlor {
    private Parlor() {}

    /** The token with which a user signs in; the secret is JWT_SECRET. */
    static String mintToken(String secret, String user, String name, Duration lasts)
            throws GeneralSecurityException {
        long now = Instant.now().getEpochSecond();
        String claims = "{\"sub\":" + quoted(user) + ",\"name\":" + quoted(name)
                + ",\"iat\":" + now + ",\"exp\":" + (now + lasts.toSeconds()) + "}";
        String signed = part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(UTF_8))
                + "." + part(claims.getBytes(UTF_8));
        return signed + "." + part(hmac(secret.getBytes(UTF_8), signed.getBytes(UTF_8)));
    }

    /**
     * Verifies a webhook or a question: its body as it came, and the headers webhook-id,
     * webhook-timestamp and webhook-signature. The secret is PARLOR_WEBHOOK_SECRET or
     * PARLOR_CALLBACK_SECRET.
     */
    static boolean isFromParlor(String secret, String id, String timestamp, String signatures,
            byte[] body, Instant now) throws GeneralSecurityException {
        if (!timestamp.matches("[0-9]{1,12}")
                || Math.abs(now.getEpochSecond() - Long.parseLong(timestamp)) > 300) {
            return false; // Too old, or a clock is wrong.
        }
        byte[] key = secret.startsWith("whsec_")
                ? Base64.getDecoder().decode(secret.substring("whsec_".length()))
                : secret.getBytes(UTF_8);
        byte[] digest = hmac(key, (id + "." + timestamp + ".").getBytes(UTF_8), body);
        byte[] expected = ("v1," + Base64.getEncoder().encodeToString(digest)).getBytes(UTF_8);
        boolean fits = false;
        for (String signature : signatures.split(" ")) {
            fits |= MessageDigest.isEqual(signature.getBytes(UTF_8), expected);
        }
        return fits;
    }

    private static byte[] hmac(byte[] key, byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    private static String part(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** JSON; with a library for it, use that. */
    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') {
                json.append('\\').append(each);
            } else if (each < ' ') {
                json.append(String.format("\\u%04x", (int) each));
            } else {
                json.append(each);
            }
        }
        return json.append('"').toString();
    }
}
