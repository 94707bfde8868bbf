namespace DeviceAcme.Cli.ClientConfig;

/// <summary>win-acme (wacs.exe) with its own listener, keeping certificates in Windows' store.</summary>
internal sealed class WinAcme : IClientConfiguration
{
    public string Name => "win-acme";

    public string Language => "powershell";

    public IReadOnlyList<string> Challenges => ["http-01"];

    public string Write(Enrollment enrollment) =>
        WindowsRoot.Import(enrollment.RootFile)
        + Quoting.Power(
            [@".\wacs.exe", "--source", "manual", "--host", string.Join(',', enrollment.Names)],
            ["--baseuri", enrollment.DirectoryUrl],
            ["--accepttos", "--emailaddress", enrollment.Email],
            enrollment.ExternalAccount is { } account ? ["--eab-key-identifier", account.KeyId, "--eab-key", account.MacKey] : [],
            Answers(enrollment),
            ["--csr", enrollment.Key(Name, ("rsa-3072", "rsa"), ("ec-p384", "ec"))],
            ["--store", "certificatestore"]);

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "as administrator, in the folder of wacs.exe; win-acme renews by a scheduled task that it makes";
        if (enrollment.RootFile is not null)
        {
            yield return "the root's path is one of this machine: copy the file and change the path";
        }
    }

    private static IReadOnlyList<string> Answers(Enrollment enrollment) => enrollment switch
    {
        { WebRoot: { } folder } => ["--validation", "filesystem", "--webroot", folder],
        { HttpPort: { } port } => ["--validation", "selfhosting", "--validationport", $"{port}"],
        _ => ["--validation", "selfhosting"],
    };
}
