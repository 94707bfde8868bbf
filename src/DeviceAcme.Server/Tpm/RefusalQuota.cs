namespace DeviceAcme.Server.Tpm;

/// <summary>
/// How many refusals of an hour are stored: whoever is refused is nobody that is known, and could else fill the store. Kept in memory, because
/// counting stored ones would cost the writer more than the refusal itself; a restart begins anew.
/// </summary>
/// <param name="most">In an hour.</param>
internal sealed class RefusalQuota(int most)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _hourBegan = DateTimeOffset.MinValue;
    private int _taken;

    /// <summary>True where one more is stored.</summary>
    public bool Take(DateTimeOffset now)
    {
        lock (_lock)
        {
            // a clock that was set back begins a new hour too
            if (now - _hourBegan >= TimeSpan.FromHours(1) || now < _hourBegan)
            {
                _hourBegan = now;
                _taken = 0;
            }

            if (_taken >= most)
            {
                return false;
            }

            _taken++;
            return true;
        }
    }
}
