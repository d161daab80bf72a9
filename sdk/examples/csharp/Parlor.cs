using System;
using System.Security.Cryptography;
using System.Text;

static class Parlor
{
    /// <summary>The token with which a user signs in; the secret is JWT_SECRET.</summary>
    public static string MintToken(string secret, string user, string name, TimeSpan lasts)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        long until = now + (long)lasts.TotalSeconds;
        string claims = $"{{\"sub\":{Quoted(user)},\"name\":{Quoted(name)},\"iat\":{now},\"exp\":{until}}}";
        string signed = Part(Encoding.UTF8.GetBytes("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"))
            + "." + Part(Encoding.UTF8.GetBytes(claims));
        using (var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(secret)))
            return signed + "." + Part(hmac.ComputeHash(Encoding.UTF8.GetBytes(signed)));
    }

    /// <summary>Verifies a webhook or a question: its body as it came, and the headers
    /// webhook-id, webhook-timestamp and webhook-signature. The secret is
    /// PARLOR_WEBHOOK_SECRET or PARLOR_CALLBACK_SECRET.</summary>
    public static bool IsFromParlor(
        string secret, string id, string timestamp, string signatures, byte[] body, DateTimeOffset now)
    {
        long at;
        if (!long.TryParse(timestamp, out at) || Math.Abs((double)now.ToUnixTimeSeconds() - at) > 300)
            return false; // Too old, or a clock is wrong.
        byte[] key = secret.StartsWith("whsec_", StringComparison.Ordinal)
            ? Convert.FromBase64String(secret.Substring("whsec_".Length))
            : Encoding.UTF8.GetBytes(secret);
        byte[] start = Encoding.UTF8.GetBytes($"{id}.{timestamp}.");
        byte[] signed = new byte[start.Length + body.Length];
        start.CopyTo(signed, 0);
        body.CopyTo(signed, start.Length);
        bool fits = false;
        using (var hmac = new HMACSHA256(key))
        {
            string expected = "v1," + Convert.ToBase64String(hmac.ComputeHash(signed));
            foreach (string signature in signatures.Split(' '))
                fits |= IsSame(expected, signature);
        }
        return fits;
    }

    /// <summary>In a time that says nothing of where they differ; from .NET Core 2.1 on
    /// this is CryptographicOperations.FixedTimeEquals.</summary>
    static bool IsSame(string expected, string given)
    {
        int differs = expected.Length ^ given.Length;
        for (int i = 0; i < expected.Length && i < given.Length; i++)
            differs |= expected[i] ^ given[i];
        return differs == 0;
    }

    static string Part(byte[] bytes)
    {
        return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>JSON; with a library for it, use that.</summary>
    static string Quoted(string text)
    {
        var json = new StringBuilder("\"");
        foreach (char each in text)
        {
            if (each == '"' || each == '\\') json.Append('\\').Append(each);
            else if (each < ' ') json.Append("\\u").Append(((int)each).ToString("x4"));
            else json.Append(each);
        }
        return json.Append('"').ToString();
    }
}
