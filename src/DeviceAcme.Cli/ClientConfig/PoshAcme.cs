namespace DeviceAcme.Cli.ClientConfig;

/// <summary>Posh-ACME: server, account and order as three commands of PowerShell.</summary>
internal sealed class PoshAcme : IClientConfiguration
{
    public string Name => "posh-acme";

    public string Language => "powershell";

    public IReadOnlyList<string> Challenges => ["http-01", "dns-01"];

    public string Write(Enrollment enrollment) =>
        WindowsRoot.Import(enrollment.RootFile)
        + Quoting.Power(["Set-PAServer", "-DirectoryUrl", enrollment.DirectoryUrl])
        + Quoting.Power(
            ["New-PAAccount", "-AcceptTOS", "-Contact", enrollment.Email],
            enrollment.ExternalAccount is { } account ? ["-ExtAcctKID", Quoting.PowerText(account.KeyId), "-ExtAcctHMACKey", Quoting.PowerText(account.MacKey)] : [])
        + Quoting.Power(
            ["New-PACertificate", "-Domain", $"@({string.Join(", ", enrollment.Names.Select(Quoting.PowerText))})"],
            ["-CertKeyLength", enrollment.Key(Name, ("rsa-2048", "2048"), ("ec-p256", "ec-256"), ("ec-p384", "ec-384"), ("ec-p521", "ec-521"), ("rsa-3072", "3072"), ("rsa-4096", "4096"))],
            Answers(enrollment));

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "Submit-Renewal renews; run it once a day";
        if (enrollment.RootFile is not null)
        {
            yield return "the root's path is one of this machine: copy the file and change the path; elsewhere than on Windows the system's store must have it";
        }
    }

    private static IReadOnlyList<string> Answers(Enrollment enrollment) => enrollment switch
    {
        { Challenge: "dns-01", DnsProvider: { } plugin } => ["-Plugin", plugin, "-PluginArgs", "@{ }"],
        { Challenge: "dns-01" } => throw new WrongUse("dns-01 needs a plug-in of Posh-ACME: --dns-provider NAME; Get-PAPlugin lists them"),
        { WebRoot: { } folder } => ["-Plugin", "WebRoot", "-PluginArgs", $"@{{ WRPath = {Quoting.PowerText(folder)} }}"],
        { HttpPort: { } port } => ["-Plugin", "WebSelfHost", "-PluginArgs", $"@{{ WSHPort = '{port}' }}"],
        _ => ["-Plugin", "WebSelfHost", "-PluginArgs", "@{ }"],
    };
}
