using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Revocation;

namespace DeviceAcme.Server.Admin;

/// <summary><c>ca show | csr | import</c>: the built-in CA's files. A running server takes an imported certificate up by itself.</summary>
internal static class CaCommand
{
    public static Command Make(CommandLine commandLine, Talk talk, TimeProvider time)
    {
        var issuer = new Option<string>("--issuer") { HelpName = "NAME", Description = "the issuer, as profiles name it", DefaultValueFactory = _ => "default", Recursive = true };

        var show = new Command("show", "the issuer's certificate and those above it");
        commandLine.SetAction(show, (parsed, options, _) => Run(options, parsed.GetRequiredValue(issuer), (directory, folder) =>
            Show(options, directory, folder)));

        var csr = new Command("csr", "a certificate request for the issuer's key, PEM on stdout, for an outside CA to sign");
        commandLine.SetAction(csr, (parsed, options, _) => Run(options, parsed.GetRequiredValue(issuer), (_, folder) =>
        {
            Console.Out.Write(folder.RequestPem());
            talk.Hint("have it signed as a subordinate CA, then: deviceacme ca import FILE");
        }));

        var file = new Argument<FileInfo>("FILE") { Description = "PEM: the issuer's certificate, those above it, and the root, in any order" };
        var import = new Command("import", "puts the outside CA's certificate into force; what was issued before stays valid") { file };
        commandLine.SetAction(import, (parsed, options, _) => Run(options, parsed.GetRequiredValue(issuer), (directory, folder) =>
        {
            var before = folder.Current.KeyIdentifier;
            var imported = folder.Import(Read(parsed.GetRequiredValue(file)), time.GetUtcNow());
            Show(options, directory, folder);
            if (imported.Root is null)
            {
                talk.Hint("the file had no root: devices must trust the outside root by other means");
            }

            // RFC 5280 §5.2.1: a CRL names one key identifier, and now that is the new one
            if (!folder.Current.KeyIdentifier.Span.SequenceEqual(before.Span))
            {
                talk.Hint("the outside CA chose another subject key identifier than was requested: strict verifiers no longer find the CRL of what was issued before");
            }
        }));

        return new Command("ca", "the built-in CA's certificates and keys") { issuer, show, csr, import };
    }

    private static Task<int> Run(ServerOptions options, string issuer, Action<CaDirectory, IssuerFolder> action)
    {
        try
        {
            var directory = IssuanceServices.Directory(options);
            using var folder = directory.Open(issuer);
            action(directory, folder);
            return Task.FromResult(ExitCode.Success);
        }
        catch (IssuerException wrong)
        {
            throw new StartFailure(wrong.Message, wrong.Hint);
        }
    }

    private static string Read(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"{file.FullName} cannot be read: {unreadable.Message}");
        }
    }

    private static void Show(ServerOptions options, CaDirectory directory, IssuerFolder folder)
    {
        Line("issuer", folder.Name);
        Line("key id", folder.KeyId);
        foreach (var der in folder.Current.Chain)
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der.Span);
            Line("certificate", certificate.Subject);
            Line("  issued by", certificate.Issuer);
            Line("  valid", $"{Day(certificate.NotBefore)} to {Day(certificate.NotAfter)}");
            Line("  sha-256", Convert.ToHexStringLower(SHA256.HashData(der.Span)));
        }

        Line("crl", StatusPaths.Crl(options.StatusUrl, folder.KeyId)?.ToString() ?? "none");
        Line("root to trust", directory.TrustFile);
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-14} {value}");
}
