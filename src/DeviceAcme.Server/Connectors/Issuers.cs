using System.Collections.Concurrent;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors;

/// <summary>The certification authorities by the name that profiles call them.</summary>
internal sealed class Issuers(IEnumerable<ICertificateAuthority> authorities)
{
    private readonly ConcurrentDictionary<string, ICertificateAuthority> _authorities =
        new(authorities.ToDictionary(authority => authority.Name, StringComparer.Ordinal), StringComparer.Ordinal);

    public IReadOnlyCollection<ICertificateAuthority> All => [.. _authorities.Values];

    public bool Has(string name) => _authorities.ContainsKey(name);

    /// <summary>One more, for a profile that comes into force while the server runs.</summary>
    public void Add(ICertificateAuthority authority) => _authorities.TryAdd(authority.Name, authority);

    /// <summary>The issuer of a profile; whatever puts a profile into force has made sure that its issuers are there.</summary>
    public ICertificateAuthority Require(string name) =>
        _authorities.TryGetValue(name, out var authority) ? authority : throw new InvalidOperationException($"there is no issuer '{name}'");
}
