namespace DeviceAcme.Attestation;

/// <summary>
/// What is decided about the evidence of one format beyond the rules that all share. A format that has anything to decide derives its record
/// in its own folder and finds it with <see cref="Evidence.Policy{TPolicy}"/>; whoever asks for a verdict hands on all that there are.
/// </summary>
public abstract record FormatPolicy;
