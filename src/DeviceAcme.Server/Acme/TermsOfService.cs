using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Acme;

/// <summary>Agreement to the terms of service (RFC 8555 §7.3, §7.3.3).</summary>
internal static class TermsOfService
{
    /// <summary>What a new account agrees to; refuses one that must and does not.</summary>
    public static string? Agree(ServerOptions options, bool agreed)
    {
        if (options.TermsOfService is not { } terms)
        {
            return agreed ? "" : null;
        }

        return agreed ? terms.AbsoluteUri : throw Required(terms, "terms-not-agreed", "termsOfServiceAgreed: expected true");
    }

    /// <summary>Refuses an account that agreed to other terms than those in force; it agrees by an update with <c>termsOfServiceAgreed</c>.</summary>
    public static void Require(ServerOptions options, Account account)
    {
        if (options.TermsOfService is { } terms && account.AgreedTerms != terms.AbsoluteUri)
        {
            throw Required(terms, "terms-changed", "the terms of service changed: read them, then update the account with termsOfServiceAgreed: true");
        }
    }

    private static ProblemException Required(Uri terms, string reason, string detail)
    {
        var problem = Problems.UserActionRequired(reason, $"{detail} (terms: {terms.AbsoluteUri})", terms.AbsoluteUri);
        return new ProblemException(problem.Problem) { Links = [("terms-of-service", terms.AbsoluteUri)] };
    }
}
