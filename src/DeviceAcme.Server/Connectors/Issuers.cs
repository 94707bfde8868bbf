using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors;

// PLACEHOLDER until the built-in CA lands: its engineer replaces this file and Revocation/Revocations.cs. FinalizeOrder and
// RevokeCertificate call exactly these two methods.
internal sealed class Issuers
{
    /// <summary>The issuer that a profile names.</summary>
    public ICertificateAuthority Require(string name) => throw new NotImplementedException(name);
}
