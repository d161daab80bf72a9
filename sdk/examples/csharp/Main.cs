using System;
using System.IO;

/// <summary>Tries Parlor.cs: mint SECRET USER NAME, or verify SECRET ID TIMESTAMP SIGNATURES
/// NOW with the body as input.</summary>
static class Program
{
    static void Main(string[] args)
    {
        if (args[0] == "mint")
        {
            Console.WriteLine(Parlor.MintToken(args[1], args[2], args[3], TimeSpan.FromHours(1)));
            return;
        }
        var body = new MemoryStream();
        Console.OpenStandardInput().CopyTo(body);
        var now = DateTimeOffset.FromUnixTimeSeconds(long.Parse(args[5]));
        bool fits = Parlor.IsFromParlor(args[1], args[2], args[3], args[4], body.ToArray(), now);
        Console.WriteLine(fits ? "true" : "false");
    }
}
