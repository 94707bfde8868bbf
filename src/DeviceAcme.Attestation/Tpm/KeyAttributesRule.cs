namespace DeviceAcme.Attestation.Tpm;

/// <summary>Which attributes a key must have and must not have.</summary>
internal sealed record KeyAttributesRule(TpmaObject MustBeSet, TpmaObject MustBeClear)
{
    /// <summary>The attributes as people read them, with what is wrong with them.</summary>
    public string Show(TpmaObject attributes)
    {
        var missing = MustBeSet & ~attributes;
        var forbidden = MustBeClear & attributes;
        return $"objectAttributes 0x{(uint)attributes:X8}{(missing == 0 ? "" : $", not set: {missing}")}{(forbidden == 0 ? "" : $", must be clear: {forbidden}")}";
    }

    public bool Holds(TpmaObject attributes) => (MustBeSet & ~attributes) == 0 && (MustBeClear & attributes) == 0;

    /// <summary>Records the comparison.</summary>
    public void Check(CheckList checks, CheckRule rule, Reason reason, TpmaObject attributes)
    {
        if (Holds(attributes))
        {
            checks.Pass(rule, Show(attributes));
        }
        else
        {
            checks.Fail(rule, reason, Show(attributes));
        }
    }
}
