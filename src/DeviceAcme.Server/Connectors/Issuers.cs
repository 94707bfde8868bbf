using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors;

/// <summary>The certification authorities by the name that profiles call them.</summary>
internal sealed class Issuers(IEnumerable<ICertificateAuthority> authorities)
{
    private readonly Dictionary<string, ICertificateAuthority> _authorities = authorities.ToDictionary(authority => authority.Name, StringComparer.Ordinal);

    public IReadOnlyCollection<ICertificateAuthority> All => _authorities.Values;

    /// <summary>The issuer of a profile; start-up has made sure that every profile's issuer is there.</summary>
    public ICertificateAuthority Require(string name) =>
        _authorities.TryGetValue(name, out var authority) ? authority : throw new InvalidOperationException($"there is no issuer '{name}'");
}
