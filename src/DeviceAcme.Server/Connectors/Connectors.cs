using DeviceAcme.Core.Issuance;
using DeviceAcme.Server.Connectors.BuiltIn;

namespace DeviceAcme.Server.Connectors;

/// <summary>The list: which connector serves which issuer. Every issuer is the built-in CA's until a profile can name another.</summary>
internal static class Connectors
{
    /// <summary>The issuers that the profiles name.</summary>
    /// <exception cref="IssuerException">An issuer's folder cannot be used.</exception>
    public static Issuers Open(CaDirectory directory, Uri? statusUrl, IEnumerable<string> names, DateTimeOffset now)
    {
        var issuers = new List<ICertificateAuthority>();
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            issuers.Add(new BuiltInConnector(directory.OpenOrMake(name, statusUrl, now), statusUrl));
        }

        return new Issuers(issuers);
    }
}
