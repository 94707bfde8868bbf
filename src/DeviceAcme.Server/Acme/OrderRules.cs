using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Acme;

/// <summary>Which identifiers a profile takes, and what is offered to prove them.</summary>
internal static class OrderRules
{
    /// <summary>The identifiers as they are stored, each one once; throws one problem, or <c>compound</c> with one per identifier (RFC 8555 §6.7.1).</summary>
    public static IReadOnlyList<AcmeIdentifier> Read(CertificateProfile profile, IReadOnlyList<AcmeIdentifier> wanted, TicketRules tickets)
    {
        var accepted = new List<AcmeIdentifier>(wanted.Count);
        var refused = new List<ProblemException>();
        foreach (var identifier in wanted)
        {
            try
            {
                var read = Read(profile, identifier);
                tickets.Require(profile, read);
                if (!accepted.Contains(read))
                {
                    accepted.Add(read);
                }
            }
            catch (ProblemException problem)
            {
                refused.Add(new ProblemException(problem.Problem with { Identifier = identifier }));
            }
        }

        return refused.Count switch
        {
            0 => accepted,
            // RFC 8555 §6.7.1: an identifier stands only inside a subproblem
            1 => throw new ProblemException(refused[0].Problem with { Identifier = null, Subproblems = [refused[0].Problem with { Status = null }] }),
            _ => throw Problems.Compound($"{refused.Count} of {wanted.Count} identifiers were refused", refused.Select(problem => problem.Problem with { Status = null }).ToList()),
        };
    }

    /// <summary>The challenge types to offer for a value, as the profile lists them.</summary>
    public static IReadOnlyList<string> Challenges(CertificateProfile profile, AcmeIdentifier identifier, bool wildcard)
    {
        var type = IdentifierTypes.Find(identifier.Type)!;
        return profile.Identifiers[identifier.Type].Challenges.Where(challenge => type.CanProve(challenge, wildcard)).ToList();
    }

    private static AcmeIdentifier Read(CertificateProfile profile, AcmeIdentifier identifier)
    {
        var type = IdentifierTypes.Find(identifier.Type);
        if (type is null || !profile.Identifiers.TryGetValue(identifier.Type, out var rule))
        {
            throw Problems.UnsupportedIdentifier(
                "identifier-type-unsupported", $"identifier type: expected one of {string.Join(", ", profile.Identifiers.Keys)} in this directory, found {Shown(identifier.Type)}");
        }

        var value = type.Read(identifier.Value);
        if (!rule.Allows(value))
        {
            throw Problems.RejectedIdentifier("identifier-not-allowed", $"identifier: profile {profile.Name} does not allow this {identifier.Type} value");
        }

        var (authorized, wildcard) = type.Authorize(value);
        var read = new AcmeIdentifier(identifier.Type, value);
        if (Challenges(profile, new AcmeIdentifier(identifier.Type, authorized), wildcard).Count == 0)
        {
            throw Problems.RejectedIdentifier("identifier-unprovable", $"identifier: profile {profile.Name} offers no challenge that can prove a {(wildcard ? "wildcard " : "")}{identifier.Type} value");
        }

        return read;
    }

    private static string Shown(string value) => value.Length <= 60 ? value : value[..60] + "…";
}
