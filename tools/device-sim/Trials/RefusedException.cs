namespace DeviceAcme.Simulator.Trials;

/// <summary>The server refused a step on the way to the one that a trial is about, or the one that evidence spoils.</summary>
internal sealed class RefusedException(Outcome outcome) : Exception(outcome.ToString())
{
    public Outcome Outcome { get; } = outcome;
}
