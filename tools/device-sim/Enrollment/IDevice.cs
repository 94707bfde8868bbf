using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What differs between the things that enroll; <see cref="Devices"/> is the list of them.</summary>
internal interface IDevice : IAsyncDisposable
{
    /// <summary>One of <see cref="Devices.Kinds"/>.</summary>
    string Kind { get; }

    /// <summary>What is ordered.</summary>
    IReadOnlyList<AcmeIdentifier> Identifiers { get; }

    /// <summary>The challenge type that it answers.</summary>
    string ChallengeType { get; }

    /// <summary>What it does to the signatures of its requests; null for a client that follows RFC 7518.</summary>
    Func<byte[], byte[]>? SignatureTransform { get; }

    /// <summary>The key of the certificate; null where it is in a TPM.</summary>
    AsymmetricAlgorithm? Key { get; }

    /// <summary>Prepares the answer to a challenge and returns the payload of its POST.</summary>
    Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation);

    /// <summary>The PKCS #10 request for the key that was attested, DER.</summary>
    byte[] CertificateRequest();

    /// <summary>Writes keys and evidence.</summary>
    /// <returns>What each file is, and its path.</returns>
    IReadOnlyList<(string What, string Path)> Save(string folder);
}
