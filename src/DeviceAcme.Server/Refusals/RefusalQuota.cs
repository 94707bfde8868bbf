namespace DeviceAcme.Server.Refusals;

/// <summary>
/// How many refusals of an hour are stored: whoever is refused may be nobody that is known, and could else fill the store. The others are counted. Kept in
/// memory, because counting stored ones would cost the writer more than the refusal itself; a restart begins anew.
/// </summary>
/// <param name="most">In an hour, of all kinds.</param>
/// <param name="mostOfAKind">In an hour, of one kind: a flood of one does not keep out the others.</param>
internal sealed class RefusalQuota(int most, int mostOfAKind)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Clocks of requests that run at once differ by less.</summary>
    private static readonly TimeSpan Jitter = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<RefusalKind, Tally> _kinds = [];
    private readonly List<CountedRefusals> _over = [];
    private DateTimeOffset _began = DateTimeOffset.MinValue;
    private int _taken;

    /// <summary>What becomes of one more.</summary>
    public RefusalPlace Take(RefusalKind kind, DateTimeOffset now)
    {
        lock (_lock)
        {
            Turn(now);
            if (!_kinds.TryGetValue(kind, out var tally))
            {
                _kinds.Add(kind, tally = new Tally());
            }

            if (_taken >= most || tally.Stored >= mostOfAKind)
            {
                tally.Counted++;
                return tally.Counted == 1 ? RefusalPlace.FirstCounted : RefusalPlace.Counted;
            }

            _taken++;
            tally.Stored++;
            return RefusalPlace.Stored;
        }
    }

    /// <summary>What was counted in hours that are over; told once.</summary>
    public IReadOnlyList<CountedRefusals> TakeOver(DateTimeOffset now)
    {
        lock (_lock)
        {
            Turn(now);
            return Empty();
        }
    }

    /// <summary>What was counted so far, also in the hour that is not over: nobody counts on.</summary>
    public IReadOnlyList<CountedRefusals> TakeAll(DateTimeOffset now)
    {
        lock (_lock)
        {
            End(now);
            return Empty();
        }
    }

    /// <summary>What was told could not be written down: it is told again.</summary>
    public void GiveBack(IReadOnlyList<CountedRefusals> counts)
    {
        lock (_lock)
        {
            _over.AddRange(counts);
        }
    }

    private void Turn(DateTimeOffset now)
    {
        // a clock that was set back begins a new hour too
        if (now - _began >= Hour || now < _began - Jitter)
        {
            End(now - _began >= Hour ? _began + Hour : now);
            _began = now;
        }
    }

    private void End(DateTimeOffset until)
    {
        _over.AddRange(_kinds.Where(kind => kind.Value.Counted > 0).Select(kind => new CountedRefusals(kind.Key, kind.Value.Counted, _began, until)));
        _kinds.Clear();
        _taken = 0;
    }

    private List<CountedRefusals> Empty()
    {
        List<CountedRefusals> over = [.. _over];
        _over.Clear();
        return over;
    }

    private sealed class Tally
    {
        public int Stored { get; set; }
        public int Counted { get; set; }
    }
}

/// <summary>What refusals that share a quota have in common.</summary>
/// <param name="Kind">The kind of their events.</param>
/// <param name="Reason">Their reason code.</param>
internal readonly record struct RefusalKind(string Kind, string? Reason, string? Profile);

/// <summary>What becomes of a refusal.</summary>
internal enum RefusalPlace
{
    /// <summary>It is written down.</summary>
    Stored,

    /// <summary>It is counted, as the first one of its kind in this hour.</summary>
    FirstCounted,

    Counted,
}

/// <summary>Refusals that were not written down one by one.</summary>
internal sealed record CountedRefusals(RefusalKind Of, int Count, DateTimeOffset From, DateTimeOffset Until);
