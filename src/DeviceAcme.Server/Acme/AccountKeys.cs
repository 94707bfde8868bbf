using System.Collections.Concurrent;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Server.Acme;

/// <summary>Keeps the imported keys of accounts by their thumbprint, so that a request does not import them again. A key never changes under its thumbprint.</summary>
internal sealed class AccountKeys
{
    /// <summary>As many as enroll at once in a storm: what a key takes in OpenSSL is some kilobytes, and after its enrollment a device is not seen for months.</summary>
    private const int Capacity = 2000;
    private readonly ConcurrentDictionary<string, Jwk> _keys = new(StringComparer.Ordinal);

    public Jwk Restore(Account account)
    {
        if (_keys.TryGetValue(account.Thumbprint, out var known))
        {
            return known;
        }

        if (_keys.Count >= Capacity)
        {
            // starting over now and then costs less than keeping track of what was used last
            _keys.Clear();
        }

        return _keys.GetOrAdd(account.Thumbprint, _ => Jwk.Restore(account.Key));
    }
}
