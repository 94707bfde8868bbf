using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;

namespace DeviceAcme.Simulator.Serve;

/// <summary>A configuration profile that lets an Apple device enroll here: both roots, and an ACME payload (com.apple.security.acme).</summary>
/// <remarks>The serial number must be put in; <c>deviceacme apple payload</c> writes payloads for a real server.</remarks>
internal static class ApplePayload
{
    private const string Profile = "apple-device";
    private const string SerialNumber = "PUT-THE-SERIAL-NUMBER-HERE";

    public static string Write(TrialRun run)
    {
        var directory = run.Urls.Directories.Where(one => one.Profile == Profile).Select(one => one.Url).FirstOrDefault(run.Urls.Directories[0].Url);
        var document = new XDocument(
            new XDocumentType("plist", "-//Apple//DTD PLIST 1.0//EN", "http://www.apple.com/DTDs/PropertyList-1.0.dtd", null),
            new XElement("plist", new XAttribute("version", "1.0"), Dict(
                ("PayloadType", Text("Configuration")), ("PayloadVersion", Number(1)), ("PayloadIdentifier", Text("example.device-sim.serve")), ("PayloadUUID", Text(Uuid("profile", directory))),
                ("PayloadDisplayName", Text("ACME test server (trials only)")),
                ("PayloadContent", new XElement("array",
                    Root("tls", File.ReadAllText(run.State.TlsRoot), directory), Root("ca", File.ReadAllText(run.State.Root), directory),
                    Dict(
                        ("PayloadType", Text("com.apple.security.acme")), ("PayloadVersion", Number(1)), ("PayloadIdentifier", Text("example.device-sim.serve.acme")), ("PayloadUUID", Text(Uuid("acme", directory))),
                        ("DirectoryURL", Text(directory)), ("ClientIdentifier", Text(SerialNumber)), ("KeyType", Text("ECSECPrimeRandom")), ("KeySize", Number(384)),
                        ("HardwareBound", new XElement("true")), ("Attest", new XElement("true")),
                        ("Subject", new XElement("array", new XElement("array", new XElement("array", Text("CN"), Text(SerialNumber)))))))))));
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + document + "\n";
    }

    private static XElement Root(string name, string pem, string directory)
    {
        using var root = X509Certificate2.CreateFromPem(pem);
        return Dict(
            ("PayloadType", Text("com.apple.security.root")), ("PayloadVersion", Number(1)), ("PayloadIdentifier", Text($"example.device-sim.serve.{name}")), ("PayloadUUID", Text(Uuid(name, directory))),
            ("PayloadContent", new XElement("data", Convert.ToBase64String(root.RawData))));
    }

    private static XElement Dict(params (string Key, XElement Value)[] members) => new("dict", members.SelectMany(member => (XElement[])[new XElement("key", member.Key), member.Value]));

    private static XElement Text(string text) => new("string", text);

    private static XElement Number(int number) => new("integer", number);

    // the same profile again replaces the one before
    private static string Uuid(string name, string directory) => new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}|{directory}"))[..16]).ToString().ToUpperInvariant();
}
