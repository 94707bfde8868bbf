namespace DeviceAcme.Attestation;

/// <summary>The stable name of a refusal and the class of evidence fault that it belongs to.</summary>
/// <param name="Code">kebab-case, the same in problem documents, logs, audit and documentation.</param>
/// <param name="Class">The fault class that comparable verifiers share; several codes may share one class.</param>
/// <param name="Advice">What would help, in one sentence.</param>
public sealed record Reason(string Code, string Class, string Advice)
{
    /// <inheritdoc/>
    public override string ToString() => Code;
}
