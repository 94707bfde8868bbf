using System.Net;

namespace DeviceAcme.Server.Admin;

/// <summary>
/// Bounds what somebody without a credential can cost: beyond a number of failures in a minute they are refused without an entry in the audit log.
/// A good credential is always let in, so that nobody can lock others out; guessing 256 random bits need not be slowed down.
/// </summary>
internal sealed class FailedLogins(TimeProvider time)
{
    /// <summary>Failures of one address in a minute that are each written down.</summary>
    public const int MostOfOne = 20;

    private const int MostOfAll = 200;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _failures = [];
    private DateTimeOffset _since;
    private int _all;

    /// <summary>Counts a failure.</summary>
    public FailedLogin Add(IPAddress? from)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (now - _since >= Window || now < _since)
            {
                (_since, _all) = (now, 0);
                _failures.Clear();
            }

            // no more addresses than failures that are written down at all
            _all++;
            var address = from ?? IPAddress.None;
            var ofOne = _all <= MostOfAll || _failures.ContainsKey(address) ? _failures[address] = _failures.GetValueOrDefault(address) + 1 : 0;
            var tooMany = ofOne > MostOfOne || _all > MostOfAll;
            return new FailedLogin(tooMany, !tooMany || (ofOne == MostOfOne + 1 && _all <= MostOfAll) || _all == MostOfAll + 1, _since + Window - now);
        }
    }
}

/// <param name="TooMany">Beyond the bound.</param>
/// <param name="Recorded">Whether it is written down: the first one beyond the bound is.</param>
/// <param name="Wait">How long the bound lasts.</param>
internal readonly record struct FailedLogin(bool TooMany, bool Recorded, TimeSpan Wait);
