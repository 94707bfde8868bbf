using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Core.Audit;

/// <summary>Where the chain of events ends. The one writer of the store holds it; a change that is undone takes it back.</summary>
internal sealed class ChainEnd
{
    private State _state;

    /// <param name="sequence">The highest number that was ever given, also where its row is gone: a gap stays to be seen.</param>
    /// <param name="hash">The hash of the last row.</param>
    public ChainEnd(long sequence, byte[] hash) => _state = new State(sequence, hash);

    public State Now
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>The number of the next event.</summary>
    public long Next()
    {
        _state = _state with { Sequence = _state.Sequence + 1 };
        return _state.Sequence;
    }

    /// <summary>Chains an event to the one before it; in the order of their numbers.</summary>
    public void Add(AuditEvent happened)
    {
        happened.Chain(_state.Hash);
        _state = _state with { Hash = happened.Hash! };
    }

    public static AuditHead Head(State state) => new() { Sequence = state.Sequence, Hash = Convert.ToHexStringLower(state.Hash) };

    /// <summary>The last number and the hash that belongs to it.</summary>
    internal sealed record State(long Sequence, byte[] Hash);
}
