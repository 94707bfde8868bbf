using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Cli.Apple;

/// <summary>What a payload says of its device: values, or the words that its management replaces by them.</summary>
/// <param name="ClientIdentifier">The value that the device orders (ClientIdentifier).</param>
/// <param name="ByFact">The same and others by fact, for the subject.</param>
internal sealed record DeviceNames(string ClientIdentifier, IReadOnlyDictionary<string, string> ByFact)
{
    private static readonly Dictionary<string, string> Options = new() { [DeviceFacts.Serial] = "--serial", [DeviceFacts.Udid] = "--udid" };

    /// <summary>The names for one device, or for all devices of a service.</summary>
    /// <param name="ticket">The code of the device's ticket, or the variable that becomes it; where the profile wants one, it is what the device orders.</param>
    /// <exception cref="CommandFailure">The value that the profile proves is not given, or not allowed by it.</exception>
    public static DeviceNames For(CertificateProfile profile, string? serial, string? udid, MdmService? mdm, string? ticket = null)
    {
        if (!profile.Identifiers.TryGetValue(AcmeIdentifier.PermanentIdentifier, out var rule) || rule.Proves is not { } fact)
        {
            throw new CommandFailure($"profile {profile.Name} takes no permanent-identifier, which is all that Apple devices order", "its identifiers are " + string.Join(", ", profile.Identifiers.Keys));
        }

        if (!rule.ByTicket && !Options.ContainsKey(fact))
        {
            throw new CommandFailure($"profile {profile.Name} proves {fact}, which no Apple evidence has");
        }

        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, given) in new[] { (DeviceFacts.Serial, serial), (DeviceFacts.Udid, udid) })
        {
            if ((given ?? mdm?.Variable(name)) is { } value)
            {
                known[name] = value;
            }
        }

        if (rule.ByTicket)
        {
            return ticket is null
                ? throw new WrongUse($"profile {profile.Name} wants a ticket: whose?", "--ticket CODE as 'deviceacme ticket add' printed it, --ticket VARIABLE of your device management, or --new-ticket to make one now")
                : new DeviceNames(ticket, known);
        }

        var option = Options[fact];
        if (!known.TryGetValue(fact, out var identifier))
        {
            throw mdm is null
                ? new WrongUse($"profile {profile.Name} proves {fact}: whose?", $"{option} VALUE for one device, or --mdm NAME for the variable of your device management")
                : new WrongUse($"profile {profile.Name} proves {fact}, and {mdm.Title} has no variable for it", $"{option} VALUE for one device, or a profile that proves device.serial");
        }

        // a variable is judged when it has become a value: by the server
        if (!MdmVariables.IsOne(identifier) && !rule.Allows(identifier))
        {
            throw new CommandFailure($"profile {profile.Name} does not allow '{identifier}'", "it allows " + string.Join(", ", rule.Allow));
        }

        return new DeviceNames(identifier, known);
    }

    /// <summary>The template's text for this device; null where it needs what only the evidence will say.</summary>
    public string? Fill(TextTemplate template)
    {
        try
        {
            return template.Fill(ClientIdentifier, new FactSet(ByFact.Select(item => new Fact(item.Key, new FactValue.Text(item.Value), true))));
        }
        catch (ProblemException)
        {
            // a placeholder without a value: the server fills it at issuance
            return null;
        }
    }
}
