using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Tpm;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>tpm</c>: makes a software TPM, or finds it, and shows what an administrator needs to know of it.</summary>
internal static class TpmCommand
{
    public static Command Make(Terminal terminal)
    {
        var serial = new Option<string>("--serial") { Description = "which TPM", DefaultValueFactory = _ => "tpm-1" };
        var state = new Option<string?>("--tpm-state") { Description = "folder of the TPM (default: .dev/swtpm/NAME of --serial)" };
        var command = new Command("tpm", "make a software TPM (swtpm) and show its endorsement keys and its vendor's CA") { serial, state };
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = parsed.GetValue(state) ?? Defaults.Swtpm(parsed.GetRequiredValue(serial));
            foreach (var (name, kind) in new[] { ("rsa", EndorsementKeyKind.Rsa2048), ("ec", EndorsementKeyKind.P384) })
            {
                await using var process = await SwtpmProcess.Start(folder, cancellation);
                Show(terminal, folder, name, await SwtpmDevice.Open(process.Stream, cancellation, kind));
            }

            Line(terminal, "vendor", SaveVendor(folder));
            return Exit.Done;
        });
        return command;
    }

    private static void Show(Terminal terminal, string folder, string name, SwtpmDevice device)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(device.EkCertificate);
        var file = Path.Combine(folder, $"ek-{name}.der");
        File.WriteAllBytes(file, device.EkCertificate);
        Line(terminal, $"ek {name}", Shown(file));
        Line(terminal, "  certificate", $"sha256 {Convert.ToHexStringLower(SHA256.HashData(device.EkCertificate))}");
        Line(terminal, "  public key", $"sha256 {Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}");
    }

    // the vendor's keys stand beside its certificates: a folder for these alone can be handed to whoever imports them
    private static string SaveVendor(string folder)
    {
        var vendor = Path.Combine(folder, "vendor");
        Directory.CreateDirectory(vendor);
        foreach (var (name, pem) in SwtpmProcess.VendorCertificates(folder))
        {
            File.WriteAllText(Path.Combine(vendor, name), pem);
        }

        return Shown(vendor);
    }

    // from the working directory where that is shorter, so that it can be copied into the next command
    private static string Shown(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.Length < path.Length ? relative : path;
    }

    private static void Line(Terminal terminal, string name, string value) => terminal.Data($"{name,-14} {value}");
}
