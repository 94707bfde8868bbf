using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>An order's <c>notBefore</c> and <c>notAfter</c>: kept exactly, or refused (RFC 8555 §7.4).</summary>
internal static class RequestedValidity
{
    /// <summary>Checks at newOrder what the order asks for.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>: the profile cannot keep it.</exception>
    public static void Check(CertificateTemplate template, DateTimeOffset? notBefore, DateTimeOffset? notAfter, DateTimeOffset now)
    {
        if (notBefore is { } beginning)
        {
            CheckWholeSeconds("notBefore", beginning);
            if (beginning < now - template.Backdate || beginning >= now + template.LongestValidity)
            {
                throw Refuse("notBefore", $"expected a time from {Text(now - template.Backdate)} to before {Text(now + template.LongestValidity)}, found {Text(beginning)}");
            }
        }

        if (notAfter is { } end)
        {
            CheckWholeSeconds("notAfter", end);
            if (end <= (notBefore ?? now) || end > now + template.LongestValidity)
            {
                throw Refuse("notAfter", $"expected a time after {Text(notBefore ?? now)} and not after {Text(now + template.LongestValidity)}, found {Text(end)}");
            }
        }
    }

    /// <summary>The times of a certificate at finalize.</summary>
    public static (DateTimeOffset NotBefore, DateTimeOffset NotAfter) Plan(
        CertificateTemplate template, DateTimeOffset? notBefore, DateTimeOffset? notAfter, DateTimeOffset now)
    {
        if (notAfter <= now)
        {
            throw Refuse("notAfter", $"the time that the order asks for, {Text(notAfter.Value)}, has passed");
        }

        // newOrder allowed what the best evidence could give
        if (notAfter > now + template.Validity)
        {
            throw Refuse("notAfter", $"the evidence allows a certificate up to {Text(now + template.Validity)}, the order asks for {Text(notAfter.Value)}; order again without notAfter, or with an earlier one");
        }

        var earliest = WholeSeconds(now - template.Backdate);
        var beginning = notBefore ?? earliest;

        // neither longer than the profile's validity, nor later than a certificate that begins now would end
        var end = notAfter ?? (beginning < earliest ? beginning : earliest) + template.Validity;
        if (end <= beginning)
        {
            throw Refuse("notBefore", "nothing of the profile's validity is left behind it");
        }

        return (beginning, end);
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    // X.509 has no fractions (RFC 5280 §4.1.2.5)
    private static void CheckWholeSeconds(string field, DateTimeOffset time)
    {
        if (time.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw Refuse(field, "expected whole seconds; a certificate has no fractions (RFC 5280 §4.1.2.5)");
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static ProblemException Refuse(string field, string detail) => Problems.Malformed("validity-not-possible", $"{field}: {detail}");
}
