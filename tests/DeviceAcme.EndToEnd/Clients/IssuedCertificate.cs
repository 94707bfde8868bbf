using System.Text.RegularExpressions;
using DeviceAcme.EndToEnd.Processes;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>A certificate as openssl sees it.</summary>
/// <param name="File">PEM, with its chain.</param>
/// <param name="Serial">Upper-case hex.</param>
/// <param name="Names">DNS names and addresses.</param>
/// <param name="CrlUrl">Its CRL distribution point.</param>
/// <param name="Text">All of it.</param>
internal sealed partial record IssuedCertificate(string File, string Serial, IReadOnlyList<string> Names, string CrlUrl, string Text)
{
    public static async Task<IssuedCertificate> Read(string file)
    {
        var text = (await Openssl("x509", "-in", file, "-noout", "-serial", "-text")).ShouldExit(0).Output;
        return new IssuedCertificate(
            file,
            SerialLine().Match(text).Groups["serial"].Value,
            [.. Name().Matches(text).Select(match => match.Groups["name"].Value)],
            Url().Match(text).Groups["url"].Value,
            text);
    }

    public static Task<ProgramResult> Openssl(params string[] arguments) => Programs.Run("openssl", arguments);

    /// <summary>True if the chain in the file leads to this root and no other.</summary>
    public async Task<bool> VerifyAgainst(string root) =>
        (await Openssl("verify", "-no-CApath", "-no-CAstore", "-x509_strict", "-CAfile", root, "-untrusted", File, File)).ExitCode == 0;

    /// <summary>The same, asking the CRL too.</summary>
    public async Task<ProgramResult> VerifyWithCrl(string root) =>
        await Openssl("verify", "-no-CApath", "-no-CAstore", "-CAfile", root, "-untrusted", File, "-crl_check", "-CRLfile", await FetchCrl(), File);

    /// <summary>Serial numbers on the CRL that the certificate names, as it is served now.</summary>
    public async Task<IReadOnlyList<string>> SerialsOnCrl()
    {
        var text = (await Openssl("crl", "-in", await FetchCrl(), "-noout", "-text")).ShouldExit(0).Output;
        return [.. SerialNumber().Matches(text).Select(match => match.Groups["serial"].Value)];
    }

    private async Task<string> FetchCrl()
    {
        var (der, pem) = (File + ".crl.der", File + ".crl");
        (await Programs.Run("curl", ["--silent", "--show-error", "--fail", "--output", der, CrlUrl])).ShouldExit(0);
        (await Openssl("crl", "-inform", "DER", "-in", der, "-out", pem)).ShouldExit(0);
        return pem;
    }

    [GeneratedRegex("^serial=(?<serial>[0-9A-F]+)", RegexOptions.Multiline)]
    private static partial Regex SerialLine();

    [GeneratedRegex("(DNS|IP Address):(?<name>[^, \n]+)")]
    private static partial Regex Name();

    [GeneratedRegex(@"URI:(?<url>\S+\.crl)")]
    private static partial Regex Url();

    [GeneratedRegex("Serial Number: (?<serial>[0-9A-F]+)")]
    private static partial Regex SerialNumber();
}
