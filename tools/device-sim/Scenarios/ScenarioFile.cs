using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>A scenario file: devices, tickets, and what happens to them in which order; README.md shows one.</summary>
internal sealed record ScenarioFile
{
    /// <summary>As it was named on the command line.</summary>
    public required string Path { get; init; }

    /// <summary>The profile whose directory its devices use, unless they name another.</summary>
    public string? Profile { get; init; }
    public string? Description { get; init; }
    public required IReadOnlyDictionary<string, ScenarioDevice> Devices { get; init; }
    public required IReadOnlyDictionary<string, ScenarioTicket> Tickets { get; init; }
    public required IReadOnlyList<Scenario> Scenarios { get; init; }

    /// <summary>What the file is called in reports.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Whether something in it is an administrator's to do.</summary>
    public bool NeedsAdministrator => Tickets.Count > 0 || Devices.Values.Any(device => device.Ledger is not null)
        || Scenarios.SelectMany(scenario => scenario.Steps).Any(step => step.Action.NeedsAdministrator() || step.Expected.Ledger is not null);
}

/// <summary>How a device presents a ticket.</summary>
internal enum Presented
{
    ExternalAccount,
    ClientIdentifier,
    Directory,
}

/// <summary>A device of a scenario.</summary>
/// <param name="Name">Within its file.</param>
/// <param name="File">What it is.</param>
/// <param name="Ledger">What the ledger knows of it beforehand; null for nothing.</param>
/// <param name="Ticket">Name of its ticket.</param>
/// <param name="Presented">How it presents the ticket.</param>
internal sealed record ScenarioDevice(string Name, DeviceFile File, LedgerWords? Ledger, string? Ticket, Presented Presented)
{
    public DeviceKind Kind => Enrollment.Devices.Find(File.Kind);

    /// <summary>How a ledger knows it; null for one that proves no name.</summary>
    public (string Kind, string Value)? LedgerName(FakeVendors vendors) => Enrollment.LedgerName.Of(Kind, File.Serial, vendors, File.Facts.TpmVendor);
}

/// <summary>What the ledger says of a device before anything happens.</summary>
internal sealed record LedgerWords
{
    public string? Label { get; init; }
    public string? Owner { get; init; }
    public IReadOnlyList<string> Groups { get; init; } = [];
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    /// <summary>More identifiers by kind, beside the one that its evidence proves.</summary>
    public IReadOnlyDictionary<string, string> Identifiers { get; init; } = new Dictionary<string, string>();
}

/// <summary>A ticket that an administrator makes anew for each scenario.</summary>
internal sealed record ScenarioTicket
{
    public string? Profile { get; init; }

    /// <summary>Name of the only device that it is for.</summary>
    public string? Device { get; init; }
    public int? Uses { get; init; }
    public string? ExpiresIn { get; init; }
    public IReadOnlyList<string> Allowed { get; init; } = [];
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
}

/// <summary>Things that happen one after the other, each with what is expected of it.</summary>
/// <param name="Name">One sentence.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Steps">In order.</param>
internal sealed record Scenario(string Name, int Line, IReadOnlyList<Step> Steps);

/// <summary>What a step does.</summary>
internal enum StepAction
{
    Enroll,
    Renew,
    Collect,
    Revoke,
    ChangeKey,
    Deactivate,
    Block,
    Unblock,
    Quarantine,
    Retire,
    Approve,
    Refuse,
    RevokeTicket,
    Wait,
}

/// <summary>One step.</summary>
internal sealed record Step
{
    public required StepAction Action { get; init; }

    /// <summary>The device, the ticket, or how long to wait.</summary>
    public required string Subject { get; init; }
    public required int Line { get; init; }

    /// <summary>How long to wait.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>The device as it is for this step; null for the device as it is declared.</summary>
    public DeviceFile? Device { get; init; }

    /// <summary>One thing that the device does wrongly.</summary>
    public Fault? Fault { get; init; }

    /// <summary>Makes an account of its own first.</summary>
    public bool NewAccount { get; init; }

    /// <summary>Revoke: with the certificate's key, and not with the account's.</summary>
    public bool ByCertificateKey { get; init; }

    /// <summary>Revoke: CRL reason code.</summary>
    public int? ReasonCode { get; init; }

    /// <summary>What an administrator says.</summary>
    public string? Because { get; init; }

    /// <summary>Block, quarantine, retire: its certificates are revoked with it.</summary>
    public bool WithCertificates { get; init; }
    public required Expected Expected { get; init; }
}
