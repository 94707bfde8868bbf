namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What a client looks at while a validation runs.</summary>
internal enum Polled
{
    Authorization,
    Challenge,
    Order,
}

/// <summary>Habits in which right clients differ from each other (RFC 8555 leaves them open).</summary>
internal sealed record ClientBehaviour
{
    /// <summary>Asks with onlyReturnExisting before it makes an account (§7.3.1).</summary>
    public bool LooksForAccountFirst { get; init; }

    /// <summary>Contacts of the account.</summary>
    public IReadOnlyList<string> Contact { get; init; } = [];

    /// <summary>Whether newAccount says termsOfServiceAgreed.</summary>
    public bool AgreesToTerms { get; init; } = true;

    /// <summary>Where it looks while a validation runs.</summary>
    public Polled Polls { get; init; }

    /// <summary>Its longest pause between two looks, whatever Retry-After says.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Looks at the order once more before it finalizes.</summary>
    public bool LooksAtOrderBeforeFinalize { get; init; } = true;

    /// <summary>The User-Agent (§6.1).</summary>
    public string UserAgent { get; init; } = "device-sim";
}
