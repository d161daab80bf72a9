import java.time.Duration;
import java.time.Instant;

/**
 * Tries Parlor.java: mint SECRET USER NAME, or verify SECRET ID TIMESTAMP SIGNATURES NOW
 * with the body as input.
 */
final class Main {
    public static void main(String[] args) throws Exception {
        if (args[0].equals("mint")) {
            System.out.println(Parlor.mintToken(args[1], args[2], args[3], Duration.ofHours(1)));
            return;
        }
        Instant now = Instant.ofEpochSecond(Long.parseLong(args[5]));
        byte[] body = System.in.readAllBytes();
        System.out.println(Parlor.isFromParlor(args[1], args[2], args[3], args[4], body, now));
    }
}
