namespace DeviceAcme.Cli.ClientConfig;

/// <summary>dehydrated: a configuration file in this folder, then registration and order. It writes its answers for a web server.</summary>
internal sealed class Dehydrated : IClientConfiguration
{
    private const string UsualWebRoot = "/var/www/html";

    public string Name => "dehydrated";

    public string Language => "sh";

    public IReadOnlyList<string> Challenges => ["http-01"];

    public string Write(Enrollment enrollment)
    {
        var key = enrollment.Key(
            Name, ("ec-p384", "KEY_ALGO=secp384r1"), ("ec-p256", "KEY_ALGO=prime256v1"), ("rsa-2048", "KEY_ALGO=rsa KEYSIZE=2048"), ("rsa-3072", "KEY_ALGO=rsa KEYSIZE=3072"), ("rsa-4096", "KEY_ALGO=rsa KEYSIZE=4096")).Split(' ');
        string[] settings =
        [
            $"CA={Quoting.Posix(enrollment.DirectoryUrl)}",
            $"WELLKNOWN={Quoting.Posix((enrollment.WebRoot ?? UsualWebRoot).TrimEnd('/') + "/.well-known/acme-challenge")}",
            $"CONTACT_EMAIL={Quoting.Posix(enrollment.Email)}",
            .. key,
            .. enrollment.ExternalAccount is { } account ? [$"EAB_KID={Quoting.Posix(account.KeyId)}", $"EAB_HMAC_KEY={Quoting.Posix(account.MacKey)}"] : Array.Empty<string>(),
        ];
        // the quoted word after << keeps the shell from reading the lines
        return $"cat > dehydrated.conf <<'END'\n{string.Join('\n', settings)}\nEND\n"
            + Quoting.Shell([("CURL_CA_BUNDLE", enrollment.RootFile)], ["dehydrated", "--config", "./dehydrated.conf", "--register", "--accept-terms"])
            + Quoting.Shell(
                [("CURL_CA_BUNDLE", enrollment.RootFile)],
                ["dehydrated", "--config", "./dehydrated.conf", "--cron"],
                [.. enrollment.Names.SelectMany(name => new[] { "--domain", name })]);
    }

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return $"a web server must show {enrollment.WebRoot ?? UsualWebRoot} for these names; the last command once a day renews";
    }
}
