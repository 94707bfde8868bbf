using DeviceAcme.Core.Issuance;
using DeviceAcme.Server.Connectors.BuiltIn;

namespace DeviceAcme.Server.Connectors;

/// <summary>The list: which connector serves which issuer. Every issuer is the built-in CA's until a profile can name another.</summary>
internal static class Connectors
{
    /// <summary>The issuers that the profiles name.</summary>
    /// <param name="names">Issuers of the profiles in force: made where they are missing.</param>
    /// <param name="earlier">Issuers of earlier versions: their certificates still need CRLs, and orders under those versions their signature.</param>
    /// <exception cref="IssuerException">An issuer's folder cannot be used.</exception>
    public static Issuers Open(CaDirectory directory, Uri? statusUrl, IEnumerable<string> names, IEnumerable<string> earlier, DateTimeOffset now)
    {
        var issuers = names.Distinct(StringComparer.Ordinal).ToDictionary(name => name, name => Open(directory, statusUrl, name, now), StringComparer.Ordinal);
        foreach (var name in earlier.Distinct(StringComparer.Ordinal).Where(name => !issuers.ContainsKey(name) && directory.Has(name)).ToList())
        {
            issuers[name] = Open(directory, statusUrl, name, now);
        }

        return new Issuers(issuers.Values);
    }

    /// <summary>One issuer, made where it is missing.</summary>
    public static ICertificateAuthority Open(CaDirectory directory, Uri? statusUrl, string name, DateTimeOffset now) =>
        new BuiltInConnector(directory.OpenOrMake(name, statusUrl, now), statusUrl);
}
