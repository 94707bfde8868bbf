namespace DeviceAcme.Cli.ClientConfig;

/// <summary>uacme with the hook that comes with it. It trusts what the system trusts, so the root goes there.</summary>
internal sealed class Uacme : IClientConfiguration
{
    private const string UsualWebRoot = "/var/www/html";

    public string Name => "uacme";

    public string Language => "sh";

    public IReadOnlyList<string> Challenges => ["http-01"];

    public bool TakesAddresses => true;

    public string Write(Enrollment enrollment)
    {
        var answers = (enrollment.WebRoot ?? UsualWebRoot).TrimEnd('/') + "/.well-known/acme-challenge";
        string[] server = ["uacme", "--acme-url", enrollment.DirectoryUrl, "--yes"];
        return (enrollment.RootFile is { } root ? Quoting.Shell([], ["install", "-m", "644", root, "/usr/local/share/ca-certificates/deviceacme.crt"]) + "update-ca-certificates\n" : "")
            + Quoting.Shell([], server, enrollment.ExternalAccount is { } account ? ["--eab", $"{account.KeyId}:{account.MacKey}"] : [], ["new", enrollment.Email])
            + Quoting.Shell(
                [("UACME_CHALLENGE_PATH", answers)],
                server,
                ["--hook", "/usr/share/uacme/uacme.sh", "--no-ocsp"],
                enrollment.Key(Name, ("rsa-2048", "--type RSA --bits 2048"), ("ec-p256", "--type EC --bits 256"), ("ec-p384", "--type EC --bits 384"), ("rsa-3072", "--type RSA --bits 3072"), ("rsa-4096", "--type RSA --bits 4096")).Split(' '),
                ["issue", .. enrollment.Names]);
    }

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return $"a web server must show {enrollment.WebRoot ?? UsualWebRoot} for these names; the last command once a day renews";
    }
}
