using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Bench.Enrollments;

/// <summary>One enrollment to be, prepared.</summary>
internal sealed class Candidate : IDisposable
{
    public Candidate(string identifierType, string identifier, ECDsa key, X500DistinguishedName subject, Action<CertificateRequest> complete)
    {
        Identifier = identifier;
        Key = key;
        var request = DeviceKeys.Request(subject, key);
        complete(request);
        Order = Encoding.ASCII.GetBytes($$"""{"identifiers":[{"type":"{{identifierType}}","value":"{{identifier}}"}]}""");
        Finalize = Encoding.ASCII.GetBytes($$"""{"csr":"{{Base64Url.Encode(request.CreateSigningRequest())}}"}""");
    }

    public string Identifier { get; }

    public ECDsa Key { get; }

    /// <summary>Payload of newOrder.</summary>
    public byte[] Order { get; }

    /// <summary>Payload of finalize.</summary>
    public byte[] Finalize { get; }

    public void Dispose() => Key.Dispose();
}
