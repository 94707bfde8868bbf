namespace DeviceAcme.Core.Webhooks;

/// <summary>
/// Leaves an endpoint alone that fails again and again, so that not every client waits for it: closed, open for a while, then half open, when one
/// delivery tries whether it answers again.
/// </summary>
internal sealed class CircuitBreaker
{
    /// <summary>Deliveries that must fail in a row.</summary>
    public const int Threshold = 5;

    /// <summary>How long the first pause is; each next one is twice as long.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private int _failures;
    private int _openings;
    private DateTimeOffset? _openSince;
    private DateTimeOffset _openUntil;
    private bool _trying;

    /// <summary>Whether a delivery may be made now; whoever is told so says how it went.</summary>
    public bool TryEnter(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_openSince is null)
            {
                return true;
            }

            if (now < _openUntil || _trying)
            {
                return false;
            }

            _trying = true;
            return true;
        }
    }

    /// <summary>The endpoint answered.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            (_failures, _openings, _openSince, _trying) = (0, 0, null, false);
        }
    }

    /// <summary>The endpoint failed.</summary>
    public void Failed(DateTimeOffset now)
    {
        lock (_lock)
        {
            _failures++;
            if (_failures < Threshold || (_openSince is not null && !_trying))
            {
                return;
            }

            var pause = FirstPause * Math.Pow(2, Math.Min(_openings, 10));
            _openUntil = now + (pause < LongestPause ? pause : LongestPause);
            _openSince ??= now;
            _openings++;
            _trying = false;
        }
    }

    public CircuitState State(DateTimeOffset now)
    {
        lock (_lock)
        {
            return new CircuitState(_openSince is null ? "closed" : now < _openUntil ? "open" : "half-open", _failures, _openSince, _openSince is null ? null : _openUntil);
        }
    }
}

/// <summary>How a circuit breaker stands.</summary>
/// <param name="Name"><c>closed</c>, <c>open</c> or <c>half-open</c>.</param>
/// <param name="Failures">Failures in a row.</param>
internal sealed record CircuitState(string Name, int Failures, DateTimeOffset? OpenSince, DateTimeOffset? OpenUntil);
